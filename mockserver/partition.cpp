#include "mockserver/partition.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "mockserver/json_text.h"

namespace lockstep::mock {

namespace {

std::string given_name(const Sequence& sequence, std::size_t place) {
  if (!sequence.name.empty()) return sequence.name;
  std::string name = "sequence " + std::to_string(place);
  if (!sequence.path && !sequence.method) return name;
  name += " (" + sequence.method.value_or("");
  if (sequence.path) name += (sequence.method ? " " : "") + *sequence.path;
  return name + ')';
}

Step exhausted_step(const std::string& note) {
  Step step;
  step.status = 500;
  step.body = R"({"error": "sequence_exhausted", "error_description": )";
  append_quoted(*step.body, note);
  *step.body += '}';
  return step;
}

}  // namespace

RunningSequence::RunningSequence(Sequence sequence, std::size_t place)
    : sequence_(std::move(sequence)) {
  sequence_.name = given_name(sequence_, place);
}

bool RunningSequence::matches(std::string_view method, std::string_view path) const {
  if (sequence_.method && *sequence_.method != method) return false;
  return !sequence_.path || without_trailing_slash(*sequence_.path) == without_trailing_slash(path);
}

std::optional<Step> RunningSequence::take(std::string& note) {
  if (has_steps_left()) {
    const Step& step = sequence_.steps[next_];
    if (++used_ == step.repeat) {
      ++next_;
      used_ = 0;
    }
    return step;
  }
  switch (sequence_.when_exhausted) {
    case WhenExhausted::use_default:
      return std::nullopt;
    case WhenExhausted::repeat_last:
      return sequence_.steps.back();
    case WhenExhausted::error:
      break;
  }
  note = '"' + sequence_.name + "\" has no steps left";
  return exhausted_step(note);
}

Partition::Partition(const ServerOptions& options)
    : latency(options.latency),
      max_body_bytes(options.max_body_bytes),
      max_batch_events(options.max_batch_events) {}

void Partition::apply(Script script) {
  if (script.responses) {
    queue_.clear();
    enqueue(std::move(*script.responses));
  }
  if (script.default_response) default_ = std::move(*script.default_response);
  if (script.sequences) {
    sequences_.clear();
    for (Sequence& sequence : *script.sequences) add_sequence(std::move(sequence));
  }
  if (script.flags) flags = std::move(*script.flags);
  latency = script.latency.value_or(latency);
  max_body_bytes = script.max_body_bytes.value_or(max_body_bytes);
  max_batch_events = script.max_batch_events.value_or(max_batch_events);
}

void Partition::enqueue(std::vector<Step> steps) {
  std::move(steps.begin(), steps.end(), std::back_inserter(queue_));
}

void Partition::add_sequence(Sequence sequence) {
  sequences_.emplace_back(std::move(sequence), sequences_.size() + 1);
}

bool Partition::owns_path(std::string_view method, std::string_view path) const {
  return std::any_of(sequences_.begin(), sequences_.end(), [&](const RunningSequence& sequence) {
    return sequence.owns_path() && sequence.matches(method, path);
  });
}

std::optional<Step> Partition::next_step(const ParsedRequest& request, std::string& note) {
  for (RunningSequence& sequence : sequences_) {
    if (!sequence.matches(request.request.method, request.path)) continue;
    if (auto step = sequence.take(note)) return step;
  }
  if (request.route == Route::none) return std::nullopt;
  auto queued = from_queue();
  return queued ? std::move(queued) : default_;
}

std::optional<Step> Partition::from_queue() {
  if (queue_.empty()) return std::nullopt;
  if (queue_.front().repeat > 1) {
    --queue_.front().repeat;
    return queue_.front();
  }
  Step step = std::move(queue_.front());
  queue_.pop_front();
  return step;
}

void Partition::clear_requests() {
  journal.clear();
  store.clear();
  violations.clear();
}

void Partition::add_violations(const std::vector<std::string>& texts, std::uint64_t request,
                               std::string_view test_id, std::size_t limit) {
  for (const std::string& text : texts) {
    if (violations.size() >= limit) return;
    violations.push_back({request, std::string(test_id), text});
  }
}

PartitionSummary Partition::summary(const std::string& test_id) const {
  PartitionSummary summary;
  summary.test_id = test_id;
  summary.requests = journal.entries().size();
  summary.dropped_requests = journal.dropped();
  for (const Step& step : queue_) summary.queued_responses += step.repeat;
  summary.stored_events = store.row_count();
  summary.violations = violations.size();
  for (const RunningSequence& sequence : sequences_) {
    if (sequence.has_steps_left()) summary.unfinished_sequences.push_back(sequence.name());
  }
  return summary;
}

}  // namespace lockstep::mock
