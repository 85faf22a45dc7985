#include "tests/arms/bodies.h"

#include <utility>

namespace lockstep {

using namespace std::chrono_literals;

mock::Step status(int code, http::Headers headers) {
  mock::Step step;
  step.status = code;
  step.headers = std::move(headers);
  return step;
}

mock::Step fault(http::Fault kind, std::uint64_t bytes) {
  mock::Step step;
  step.fault = kind;
  step.fault_bytes = bytes;
  return step;
}

mock::Step results(std::vector<mock::EventResult> per_event) {
  mock::Step step;
  step.v1_event_results = std::move(per_event);
  return step;
}

void capture_all(Arm& arm, std::initializer_list<const char*> names) {
  for (const char* name : names) arm.capture(name);
}

Options body_options() {
  Options options;
  options.api_key = "phc_arms";
  options.flush_at = 1000;
  options.flush_interval = 1h;
  options.max_in_flight = 1;
  options.max_retries = 2;
  options.retry_initial_backoff = 5ms;
  options.retry_max_backoff = 20ms;
  options.max_retry_after = 30ms;
  return options;
}

std::vector<Body> all_bodies() {
  std::vector<Body> all;
  for (const auto& group : {delivery_bodies(), trouble_bodies(), limits_bodies()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace lockstep
