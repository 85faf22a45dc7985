#include "scenarios/prove/scope.h"

#include <utility>

namespace lockstep::prove {

namespace {

using std::chrono::milliseconds;

// Small numbers that are all different, so that two instants agree only where they must.
engine::Config small_config() {
  engine::Config config;
  for (engine::LaneConfig& lane : config.lanes) {
    lane.flush_at = 2;
    lane.max_batch_size = 2;
    lane.flush_interval = milliseconds{50};
    lane.max_queue_size = 8;
  }
  config.max_in_flight = 2;
  config.max_retries = 2;
  config.retry_initial_backoff = milliseconds{10};
  config.retry_max_backoff = milliseconds{15};
  config.retry_jitter_percent = 0;
  config.max_retry_after = milliseconds{20};
  config.request_timeout = milliseconds{40};
  return config;
}

Scope small_scope(std::string name, std::string about) {
  Scope scope;
  scope.name = std::move(name);
  scope.about = std::move(about);
  scope.config = small_config();
  return scope;
}

Scope retry() {
  Scope scope = small_scope(
      "retry", "lost requests and answers, 503 and 429 until the attempts are exhausted");
  scope.events = 3;
  scope.faults = 3;
  scope.answers = {Answer::ok, Answer::lost, Answer::refused, Answer::unavailable,
                   Answer::slow_down};
  return scope;
}

Scope partial() {
  Scope scope =
      small_scope("partial", "verdicts for each event, retried in part, answers lost after it");
  scope.events = 4;
  scope.faults = 3;
  scope.answers = {Answer::ok, Answer::lost, Answer::partial};
  scope.config.max_retries = 1;
  return scope;
}

Scope size() {
  Scope scope = small_scope("size", "413 until single events are left, and trouble between");
  scope.events = 4;
  scope.faults = 3;
  scope.answers = {Answer::ok, Answer::too_large, Answer::unavailable};
  scope.config.max_retries = 1;
  for (engine::LaneConfig& lane : scope.config.lanes) lane.flush_at = lane.max_batch_size = 4;
  return scope;
}

Scope flush() {
  Scope scope = small_scope(
      "flush", "a flush at any moment: at once, shorter and longer than what it waits for");
  scope.events = 3;
  scope.faults = 2;
  scope.answers = {Answer::ok, Answer::lost, Answer::unavailable, Answer::rejected};
  scope.flush_deadlines = {Duration{0}, milliseconds{5}, milliseconds{60}};
  return scope;
}

Scope shutdown() {
  Scope scope = small_scope(
      "shutdown", "a shutdown at any moment, beside a flush, its deadline short and long");
  scope.events = 2;
  scope.faults = 2;
  scope.answers = {Answer::ok, Answer::lost, Answer::unavailable, Answer::slow_down};
  scope.flush_deadlines = {milliseconds{30}};
  scope.shutdown_deadlines = {Duration{0}, milliseconds{10}, milliseconds{60}};
  return scope;
}

Scope full_queue(std::string name, QueueFullPolicy policy) {
  Scope scope =
      small_scope(std::move(name), "more events than the queue holds, while requests fail");
  scope.events = 4;
  scope.faults = 3;
  scope.answers = {Answer::ok, Answer::unavailable, Answer::partial};
  scope.config.queue_full = policy;
  for (engine::LaneConfig& lane : scope.config.lanes) lane.max_queue_size = 2;
  return scope;
}

}  // namespace

std::string_view to_string(Answer answer) noexcept {
  switch (answer) {
    case Answer::ok:
      return "200";
    case Answer::lost:
      return "no answer, but processed";
    case Answer::refused:
      return "no answer, not processed";
    case Answer::unavailable:
      return "503";
    case Answer::slow_down:
      return "429 with Retry-After";
    case Answer::rejected:
      return "400";
    case Answer::too_large:
      return "413";
    case Answer::partial:
      return "200, by event";
  }
  return "";
}

std::vector<Scope> standard_scopes() {
  return {retry(),
          partial(),
          size(),
          flush(),
          shutdown(),
          full_queue("full, newest dropped", QueueFullPolicy::drop_newest),
          full_queue("full, oldest dropped", QueueFullPolicy::drop_oldest)};
}

}  // namespace lockstep::prove
