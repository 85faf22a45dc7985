// What a world's oracles are told: the trace's steps as they are recorded, and the engines' states
// after each turn.
#include <algorithm>
#include <bit>
#include <charconv>

#include "scenarios/oracles/heard.h"
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

std::uint64_t parse_number(std::string_view text) {
  std::uint64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// As to_seconds() writes them: whole ones, a point, nine digits.
Duration parse_seconds(std::string_view text) {
  constexpr std::size_t kFraction = 9;
  const std::string_view rest = text.substr(text.size() - std::min(text.size(), kFraction));
  return saturating_add(saturating_multiply(std::chrono::seconds{1}, parse_number(text)),
                        Duration{parse_number(rest)});
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

std::vector<std::uint64_t> World::states() const {
  std::vector<std::uint64_t> states = states_;
  std::sort(states.begin(), states.end());
  states.erase(std::unique(states.begin(), states.end()), states.end());
  return states;
}

// A step of one client's engine from one kind of state to another, and what was heard in a state.
void World::note_state() {
  for (const auto& [client, state] : host_->shapes()) {
    std::uint64_t& last = last_states_[client];
    note_condition(last, state);
    if (state != last) states_.push_back(digest_number(last, state));
    last = state;
    for (std::uint64_t heard = heard_; heard != 0; heard &= heard - 1) {
      states_.push_back(digest_number(state, static_cast<std::uint64_t>(std::countr_zero(heard))));
    }
  }
  heard_ = 0;
}

// Captures, requests and shutdowns are in the trace whoever makes them: steps, the adapter, hooks.
void World::heard(const TraceStep& step) {
  // Not how often: a kind of step is a kind of step with one event or with ten.
  if (watches_states_) heard_ |= 1ULL << (digest_bytes(kDigestStart, step.label) % 64);
  if (step.label == "capture") {
    heard_capture(step);
  } else if (step.label == "send" && is_about_events(step)) {
    heard_sent(step);
  } else if ((step.label == "answer" && is_about_events(step)) || step.label == "cancel") {
    heard_end(step);
  } else if (step.label == "flush" || step.label == "shutdown") {
    heard_drain(step);
  }
}

void World::heard_drain(const TraceStep& step) {
  DrainCall call;
  call.client = text(step, 0);
  call.is_shutdown = step.label == "shutdown";
  call.started = step.at;
  call.deadline = text(step, 2) == "never" ? kNever : Instant{parse_seconds(text(step, 2))};
  call.upto = captures_;
  if (call.is_shutdown) tell([&](Oracle& oracle) { return oracle.closing(*this, call.client); });
  tell([&](Oracle& oracle) { return oracle.draining(*this, call); });
}

void World::heard_sent(const TraceStep& step) {
  const SentRequest sent{std::string(text(step, 0)), std::string(text(step, 1)),
                         parse_lane(text(step, 5)), step.at};
  flights_.push_back({sent.client, sent.number, sent.lane, step.at, parse_number(text(step, 8)),
                      clock_->wall_now(), nullptr});
  tell([&](Oracle& oracle) { return oracle.sent(*this, sent); });
}

// Two of one client that left together with the same bytes cannot be told apart, and need not be.
void World::note_arrival(Seen& seen, std::uint64_t body) {
  const Instant sent = seen.at - settings_.latency;
  const auto flight = std::find_if(flights_.begin(), flights_.end(), [&](const Flight& one) {
    return one.seen == nullptr && one.sent == sent && one.body == body && one.client == seen.client;
  });
  if (flight == flights_.end()) return;
  flight->seen = &seen;
  seen.sent_as = flight->number;
  seen.left = flight->wall;
}

void World::heard_end(const TraceStep& step) {
  EndedRequest ended;
  ended.client = text(step, 0);
  ended.number = text(step, 1);
  ended.at = step.at;
  ended.was_cancelled = step.label == "cancel";
  if (!ended.was_cancelled) {
    ended.status = static_cast<int>(parse_number(text(step, 4)));
    if (!text(step, 5).empty()) ended.pause = parse_seconds(text(step, 5));
  }
  const auto flight = std::find_if(flights_.begin(), flights_.end(), [&](const Flight& one) {
    return one.number == ended.number && one.client == ended.client;
  });
  if (flight != flights_.end()) {
    ended.lane = flight->lane;
    ended.sent = flight->sent;
    ended.seen = flight->seen;
    flights_.erase(flight);
  }
  ended.words = words_of(ended, *this);
  tell([&](Oracle& oracle) { return oracle.request_ended(*this, ended); });
}

void World::heard_capture(const TraceStep& step) {
  // Refused captures name no event.
  if (step.fields.size() < 4) {
    const std::string client(text(step, 0));
    tell([&](Oracle& oracle) { return oracle.refused(*this, client, text(step, 1)); });
    return;
  }
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
