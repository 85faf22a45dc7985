// The clocks and the network: what passes, jumps and drifts.
#include "scenarios/action.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

constexpr Field kWait[] = {{"duration_ms", Type::integer, true, "milliseconds of virtual time"}};
constexpr Field kAdvance[] = {{"by", Type::duration, true, "how much virtual time passes"}};
constexpr Field kAdvanceTo[] = {{"at", Type::duration, true, "a time since the scenario's start"}};
constexpr Field kIdle[] = {{"within", Type::duration, true, "the longest this may take"}};
constexpr Field kJump[] = {{"by", Type::signed_duration, true, "forward, or back with a minus"}};
constexpr Field kDrift[] = {{"parts_per_million", Type::signed_integer, true, "positive: fast"}};
constexpr Field kLatency[] = {
    {"by", Type::duration, true, "what every answer takes longer from now on"}};

Finding wait(World& world, const Step& step) {
  world.host().run_for(Params(step.params).milliseconds("duration_ms"));
  return std::nullopt;
}

Finding advance(World& world, const Step& step) {
  world.host().run_for(Params(step.params).duration("by"));
  return std::nullopt;
}

Finding advance_to(World& world, const Step& step) {
  const Duration at = Params(step.params).duration("at");
  if (at < world.elapsed()) {
    return Failure{"to be before " + to_text(at), "that it is already " + to_text(world.elapsed())};
  }
  world.host().run_until(Instant{at});
  return std::nullopt;
}

Finding run_until_idle(World& world, const Step& step) {
  const Duration within = Params(step.params).duration("within");
  if (world.host().run_until_idle(within)) return std::nullopt;
  return Failure{"nothing left to do within " + to_text(within),
                 "something due at " + to_text(world.host().next_instant())};
}

// The second phase of a run: no faults from here on, and everything must find its end.
Finding converges(World& world, const Step& step) {
  const Duration within = Params(step.params).duration("within");
  world.heal();
  const bool idle = world.host().run_until_idle(within);
  for (const std::string& name : world.clients()) {
    const LaneStats total = world.client(name).stats().total();
    if (total.pending == 0) continue;
    return Failure{"nothing pending within " + to_text(within) + " of a healthy server",
                   std::to_string(total.pending) + " events of " + name + " pending, " +
                       (idle ? "and nothing due"
                             : "the next thing due at " + to_text(world.host().next_instant()))};
  }
  return std::nullopt;
}

Finding jump_wall(World& world, const Step& step) {
  world.clock().jump_wall(Params(step.params).duration("by"));
  return std::nullopt;
}

Finding drift(World& world, const Step& step) {
  world.clock().set_wall_drift(Params(step.params).integer("parts_per_million"));
  return std::nullopt;
}

Finding set_latency(World& world, const Step& step) {
  world.set_added_latency(Params(step.params).duration("by"));
  return std::nullopt;
}

constexpr Action kTimeActions[] = {
    {"wait", "lets virtual time pass", kWait, wait},
    {"advance", "lets virtual time pass", kAdvance, advance},
    {"advance_to", "lets virtual time pass up to a point", kAdvanceTo, advance_to},
    {"run_until_idle", "lets virtual time pass until nothing is due", kIdle, run_until_idle},
    {"assert_converges", "ends all faults; then every event must find its end", kIdle, converges},
    {"jump_wall", "sets the wall clock, and leaves monotonic time alone", kJump, jump_wall},
    {"drift", "lets the wall clock run fast or slow from now on", kDrift, drift},
    {"set_latency", "slows the network down from now on", kLatency, set_latency},
};

}  // namespace

std::span<const Action> time_actions() { return kTimeActions; }

}  // namespace lockstep::scenario
