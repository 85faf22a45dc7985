#include "telemetry/flow.h"

#include <algorithm>
#include <utility>

#include "telemetry/error_class.h"

namespace lockstep::telemetry {

std::string event_name(const Flow& flow, FlowEvent event) {
  static constexpr std::string_view kEndings[] = {" Started", " Completed", " Failed", " Aborted"};
  std::string name = "CLI ";
  return name.append(flow.name).append(kEndings[static_cast<std::size_t>(event)]);
}

std::string_view to_string(Direction direction) noexcept {
  return direction == Direction::upgrade ? "upgrade" : "downgrade";
}

FlowTracker::FlowTracker(Telemetry& telemetry, Flow flow, Properties properties) noexcept
    : telemetry_(telemetry),
      flow_(flow),
      properties_(std::move(properties)),
      start_(telemetry.now()) {
  capture(FlowEvent::started, {});
}

FlowTracker::~FlowTracker() { aborted(); }

void FlowTracker::step(std::string_view name) noexcept try { step_ = name; } catch (...) {
  // Out of memory: the step before stays.
}

void FlowTracker::capture(FlowEvent event, const Properties& more) noexcept try {
  Properties properties = properties_;
  for (std::size_t i = 0; i < more.size(); ++i) {
    properties.set(more.at(i).first, Json{more.at(i).second});
  }
  if (!step_.empty()) {
    properties.set("step", step_);
    const auto place = std::find(flow_.steps.begin(), flow_.steps.end(), step_);
    if (place != flow_.steps.end()) {
      properties.set("step_index", std::distance(flow_.steps.begin(), place));
    }
  }
  if (event != FlowEvent::started) {
    properties.set("flow_duration_ms", duration() / std::chrono::milliseconds{1});
  }
  telemetry_.track(event_name(flow_, event), properties);
} catch (...) {
  // Out of memory: the event is lost.
}

void FlowTracker::end(FlowEvent event, const Properties& more) noexcept {
  if (!std::exchange(ended_, true)) capture(event, more);
}

void FlowTracker::completed(const Properties& properties) noexcept {
  end(FlowEvent::completed, properties);
}

void FlowTracker::failed(const std::exception_ptr& error) noexcept try {
  failed(telemetry::error_class(error));
} catch (...) {
  // Out of memory: the event is lost.
}

void FlowTracker::failed(std::string_view error_class) noexcept try {
  end(FlowEvent::failed, {{"error_class", error_class}});
} catch (...) {
  // As above.
}

void FlowTracker::aborted() noexcept { end(FlowEvent::aborted, {}); }

}  // namespace lockstep::telemetry
