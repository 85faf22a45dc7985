// Flows: what a user goes through in several steps, such as logging in. Where one ends early, its
// events say at which step, and after how long.
//
//   constexpr std::string_view kSteps[] = {"browser_wait", "code_exchange"};
//   constexpr telemetry::Flow kAuth{"Auth", kSteps};
//
//   telemetry::FlowTracker flow(telemetry, kAuth);   // "CLI Auth Started"
//   flow.step("browser_wait");
//   flow.completed();                                // "CLI Auth Completed"
#pragma once

#include <exception>
#include <span>
#include <string>
#include <string_view>

#include "telemetry/telemetry.h"

namespace lockstep::telemetry {

// A row of a tool's catalogue: the flow's name as its events have it, and its steps in order.
struct Flow {
  std::string_view name;
  std::span<const std::string_view> steps{};
};

// How a flow's event ends.
enum class FlowEvent : std::uint8_t { started, completed, failed, aborted };

// "CLI Auth Started".
std::string event_name(const Flow& flow, FlowEvent event);

// Which way a plan changes, for flows that change one.
enum class Direction : std::uint8_t { upgrade, downgrade };
std::string_view to_string(Direction direction) noexcept;

// One walk through a flow. Its events have the current step, its place among the flow's steps
// (absent for a step that the flow does not list), and the time since the start. Not thread-safe;
// the telemetry must outlive it.
class FlowTracker {
 public:
  // Captures the start. `properties` are on all events of the flow.
  FlowTracker(Telemetry& telemetry, Flow flow, Properties properties = {}) noexcept;
  // Aborted, unless it has ended.
  ~FlowTracker();
  FlowTracker(const FlowTracker&) = delete;
  FlowTracker& operator=(const FlowTracker&) = delete;

  // The step that begins now.
  void step(std::string_view name) noexcept;
  const std::string& current_step() const noexcept { return step_; }
  Duration duration() const noexcept { return telemetry_.now() - start_; }

  // The first of these ends it; the others do nothing.
  void completed(const Properties& properties = {}) noexcept;
  void failed(const std::exception_ptr& error) noexcept;  // with the error's class
  void failed(std::string_view error_class) noexcept;
  void aborted() noexcept;

 private:
  void capture(FlowEvent event, const Properties& more) noexcept;
  void end(FlowEvent event, const Properties& more) noexcept;

  Telemetry& telemetry_;
  const Flow flow_;
  Properties properties_;
  const Instant start_;
  std::string step_;
  bool ended_ = false;
};

}  // namespace lockstep::telemetry
