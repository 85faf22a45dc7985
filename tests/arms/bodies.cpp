#include "tests/arms/bodies.h"

#include <utility>

namespace lockstep {

using namespace std::chrono_literals;

mock::Step status(int code, http::Headers headers, std::optional<std::string> body) {
  mock::Step step;
  step.status = code;
  step.headers = std::move(headers);
  step.body = std::move(body);
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

std::unique_ptr<Arm> run(const ArmKind& kind, const Body& body) {
  Options options = body_options();
  if (body.adjust != nullptr) body.adjust(options);
  std::unique_ptr<Arm> arm = kind.make(std::move(options));
  arm->server().enqueue(body.script);
  for (const std::string& name : body.captures) arm->capture(name);
  body.run(*arm);
  return arm;
}

std::vector<Body> all_bodies() {
  std::vector<Body> all;
  for (const auto& group : {delivery_bodies(), trouble_bodies(), limits_bodies()}) {
    all.insert(all.end(), group.begin(), group.end());
  }
  return all;
}

}  // namespace lockstep
