// What a world's oracles are told: the trace's steps as they are recorded, and the engines' states
// after each turn.
#include <bit>

#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

Lane parse_lane(std::string_view name) {
  for (const Lane lane : {Lane::historical, Lane::ai}) {
    if (name == to_string(lane)) return lane;
  }
  return Lane::analytics;
}

std::string_view text(const TraceStep& step, std::size_t field) {
  return step.fields[field].value.text();
}

// Requests for flags, and those of flag providers, are other steps of the same name.
bool is_about_events(const TraceStep& step) {
  return step.fields.size() > 2 && step.fields[2].name == "batch";
}

}  // namespace

void World::turned() {
  note_returned();
  tell([this](Oracle& oracle) { return oracle.turned(*this); });
  if (watches_states_) note_state();
}

// Of a client's engine, which was in one kind of state and is in another. 0: there was none, or it
// is no engine.
void World::note_condition(std::uint64_t was, std::uint64_t is) {
  const auto condition = [](std::uint64_t shape) {
    return engine::Condition::at((shape & 0xFF) - 1);
  };
  if (is == 0) return;
  sightings_.note(condition(is), step_);
  if (was != 0) sightings_.note_move(condition(was), condition(is));
}

// A step of one client's engine from one kind of state to another, and what was heard in a state.
void World::note_state() {
  for (const auto& [client, state] : host_->shapes()) {
    std::uint64_t& last = last_states_[client];
    note_condition(last, state);
    if (state != last) states_.insert(digest_number(last, state));
    last = state;
    for (std::uint64_t heard = heard_; heard != 0; heard &= heard - 1) {
      states_.insert(digest_number(state, static_cast<std::uint64_t>(std::countr_zero(heard))));
    }
  }
  heard_ = 0;
}

// Captures, requests and shutdowns are in the trace whoever makes them: steps, the adapter, hooks.
void World::heard(const TraceStep& step) {
  // Not how often: a kind of step is a kind of step with one event or with ten.
  if (watches_states_) heard_ |= 1ULL << (digest_bytes(kDigestStart, step.label) % 64);
  if (step.label == "shutdown") {
    tell([&](Oracle& oracle) { return oracle.closing(*this, std::string(text(step, 0))); });
  } else if (step.label == "capture" && step.fields.size() >= 4) {
    // Refused captures name no event.
    heard_capture(step);
  } else if (step.label == "send" && is_about_events(step)) {
    const SentRequest sent{std::string(text(step, 0)), std::string(text(step, 1)),
                           parse_lane(text(step, 5)), step.at};
    tell([&](Oracle& oracle) { return oracle.sent(*this, sent); });
  } else if ((step.label == "answer" && is_about_events(step)) || step.label == "cancel") {
    EndedRequest ended{std::string(text(step, 0)), std::string(text(step, 1)), false, step.at};
    ended.asks_for_patience = step.label == "answer" && !text(step, 5).empty();
    tell([&](Oracle& oracle) { return oracle.request_ended(*this, ended); });
  }
}

void World::heard_capture(const TraceStep& step) {
  CapturedEvent event;
  event.order = ++captures_;
  event.client = text(step, 0);
  event.uuid = Uuid::parse(text(step, 1)).value_or(Uuid{});
  event.lane = parse_lane(text(step, 2));
  event.accepted = text(step, 3) == to_string(Admission::accepted);
  event.at = step.at;
  tell([&](Oracle& oracle) { return oracle.captured(*this, event); });
}

}  // namespace lockstep::scenario
