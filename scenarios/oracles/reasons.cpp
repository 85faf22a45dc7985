// Why an event ended is true: what the client heard of it last, how often it failed, or what the
// client held when there was no room for it, bears out what the SDK says.
#include <array>
#include <map>

#include "scenarios/by_uuid.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

class Reasons final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "events end for true reasons"; }

  Finding opened(World&, const std::string& client) override {
    clients_.erase(client);
    return std::nullopt;
  }

  // Whether there was room is judged by events that are known to have ended, which the SDK tells a
  // little later: what it calls full may be found not full here, but never by mistake.
  Finding captured(World& world, const CapturedEvent& event) override {
    const ClientLimits* limits = world.limits(event.client);
    if (limits == nullptr) return std::nullopt;
    Held& held = clients_[event.client].lanes[static_cast<std::size_t>(event.lane)];
    Story& story = stories_[event.uuid];
    story.accepted = event.accepted;
    story.found_full = is_full(*limits, held.events);
    if (!event.accepted) return std::nullopt;
    if (story.found_full) ++held.overflows;
    ++held.events;
    return std::nullopt;
  }

  Finding request_ended(World&, const EndedRequest& request) override {
    if (request.seen == nullptr) {
      // Nobody can tell whose attempt it was.
      if (!request.was_cancelled) clients_[request.client].lost_requests = true;
      return std::nullopt;
    }
    const auto& parts = request.seen->parts;
    for (std::size_t i = 0; i < parts.size(); ++i) {
      const auto known = stories_.find(parts[i].uuid);
      if (known == stories_.end()) continue;
      Story& story = known->second;
      story.last = request.words[i];
      story.request = request.seen;
      if (!request.was_cancelled && story.last != Word::too_large) ++story.attempts;
    }
    return std::nullopt;
  }

  Finding ended(World& world, const EndedEvent& event) override {
    const ClientLimits* limits = world.limits(event.client);
    const auto known = stories_.find(event.outcome.uuid);
    if (limits == nullptr || known == stories_.end()) return std::nullopt;
    const Story& story = known->second;
    Client& client = clients_[event.client];
    Held& held = client.lanes[static_cast<std::size_t>(event.outcome.lane)];
    if (story.accepted && held.events > 0) --held.events;
    // Where events have no ids on the wire, nobody can tell what became of which.
    const bool is_known = limits->has_ids || event.outcome.attempts == 0;
    if (!is_known || client.lost_requests) return std::nullopt;
    const std::string_view wanted = broken(*limits, story, held, event.outcome);
    if (wanted.empty()) return std::nullopt;
    return Failure{std::string(wanted) + " before " + event.outcome.uuid.to_string() + " is " +
                       end_text(event.outcome) + " at " + to_text(event.at),
                   history(story)};
  }

 private:
  // Of one lane.
  struct Held {
    std::size_t events = 0;
    std::size_t overflows = 0;  // captures that were taken although there was no room
  };
  struct Client {
    std::array<Held, kLaneCount> lanes{};
    bool lost_requests = false;  // some never arrived
  };
  struct Story {
    bool accepted = false;
    bool found_full = false;  // when it was captured
    std::uint32_t attempts = 0;
    Word last = Word::nothing;
    const Seen* request = nullptr;  // the last one, which the world keeps
  };

  // Sizes are not known here. Where the queue's bytes may not hold as many events as large as an
  // event may be, they may be why it is full.
  static bool is_full_of_bytes(const ClientLimits& limits, std::size_t events) {
    return (events + 1) * limits.max_event_bytes > limits.max_queue_bytes;
  }
  static bool is_full(const ClientLimits& limits, std::size_t events) {
    return events >= limits.max_queue_size || is_full_of_bytes(limits, events);
  }

  // What should have come first; empty where it did.
  static std::string_view broken(const ClientLimits& limits, const Story& story, Held& held,
                                 const Outcome& outcome) {
    if (!outcome.delivered) return broken_drop(limits, story, held, outcome);
    if (outcome.unconfirmed) {
      return story.last == Word::unnamed ? "" : "an answer of success that does not name it";
    }
    return story.last == Word::accepted ? "" : "an answer that confirms it";
  }

  static std::string_view broken_drop(const ClientLimits& limits, const Story& story, Held& held,
                                      const Outcome& outcome) {
    switch (outcome.reason) {
      case DropReason::rejected:
        return story.last == Word::refused ? "" : "an answer that refuses it for good";
      case DropReason::quota_limited:
        return story.last == Word::over_quota ? "" : "an answer that says so";
      case DropReason::attempts_exhausted:
        return is_worn_out(limits, story) ? "" : "max_retries + 1 failures";
      case DropReason::too_large:
        return is_too_large(story, outcome) ? "" : "a 413 for it alone, or a size over the limit";
      case DropReason::queue_full:
        return !story.accepted && story.found_full ? "" : "a queue without room";
      case DropReason::evicted:
        return is_displaced(limits, held) ? "" : "a newer event for which there was no room";
      case DropReason::hook:
      case DropReason::hook_failed:
        return story.accepted ? "no admission" : "";
      case DropReason::shutdown_deadline:
        return "";  // what may be sent until then is the oracle of promptness's to know
    }
    return "";
  }

  static bool is_worn_out(const ClientLimits& limits, const Story& story) {
    const bool failed = story.last == Word::nothing || story.last == Word::again;
    return failed && story.attempts == limits.max_retries + 1;
  }

  static bool is_too_large(const Story& story, const Outcome& outcome) {
    if (outcome.attempts == 0) return !story.accepted;
    return story.last == Word::too_large && story.request->parts.size() == 1;
  }

  // Each capture beyond the limit displaces one event; where bytes count, perhaps several.
  static bool is_displaced(const ClientLimits& limits, Held& held) {
    if (limits.queue_full != QueueFullPolicy::drop_oldest || held.overflows == 0) return false;
    if (!is_full_of_bytes(limits, limits.max_queue_size)) --held.overflows;
    return true;
  }

  static std::string end_text(const Outcome& outcome) {
    if (!outcome.delivered) return "dropped as " + std::string(to_string(outcome.reason));
    return outcome.unconfirmed ? "delivered, unconfirmed" : "delivered";
  }

  static std::string history(const Story& story) {
    std::string text = story.accepted ? "accepted, " : "not accepted, ";
    text += std::to_string(story.attempts) + " attempts that were no 413";
    if (story.request != nullptr) text += ", the last request " + story.request->to_text();
    return text;
  }

  std::map<std::string, Client> clients_;
  ByUuid<Story> stories_;
};

}  // namespace

std::unique_ptr<Oracle> make_reasons_oracle() { return std::make_unique<Reasons>(); }

}  // namespace lockstep::scenario
