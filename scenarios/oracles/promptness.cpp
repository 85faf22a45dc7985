// 8. Liveness, as it goes: a client makes its next request as soon as nothing forbids it any
// longer. An event may wait for the flush interval, until flush_at of its lane wait, a flush covers
// it or a shutdown begins; then for a free slot, for the backoff after failures, and for a
// Retry-After; and for nothing else. So a shutdown gives up before its deadline only what has to
// wait beyond it. And the other way round: it waits for one of the first ones. A batch takes what
// waits, up to its limits, which a 413 shrinks until four batches of that size are delivered; and
// where a retry and a fresh batch could both go, they take turns.
#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <utility>

#include "scenarios/by_uuid.h"
#include "scenarios/oracles/heard.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using EndpointName = std::pair<std::string, bool>;  // client, whether AI events' own

class Promptness final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "what is due is sent"; }

  Finding opened(World&, const std::string& client) override {
    std::erase_if(requests_, [&](const auto& entry) { return entry.first.first == client; });
    std::erase_if(held_by_,
                  [&](const auto& entry) { return entry.second.at->first.first == client; });
    endpoints_.erase({client, false});
    endpoints_.erase({client, true});
    drains_.erase(client);
    return std::nullopt;
  }

  Finding captured(World& world, const CapturedEvent& event) override {
    const ClientLimits* limits = world.limits(event.client);
    if (limits == nullptr || !event.accepted) return std::nullopt;
    const auto at = endpoint_of(*limits, event.client, event.lane);
    const Held held{event.uuid, event.at, event.order};
    at->second.held.push_back(held);
    at->second.fresh[static_cast<std::size_t>(event.lane)].push_back(held);
    held_by_[event.uuid] = {at, event.order};
    return std::nullopt;
  }

  Finding ended(World&, const EndedEvent& event) override {
    const auto held = held_by_.find(event.outcome.uuid);
    if (held == held_by_.end()) return std::nullopt;
    const auto at = held->second.at;
    const std::uint64_t order = held->second.order;
    held_by_.erase(held);
    const Outcome& outcome = event.outcome;
    if (!outcome.delivered && outcome.reason == DropReason::evicted) {
      at->second.evicted = event.at;
      return judge_eviction(at->second, event, order);
    }
    if (outcome.delivered || outcome.reason != DropReason::shutdown_deadline) return std::nullopt;
    const Instant deadline = drains_[event.client].shutdown_deadline;
    if (event.at >= deadline || at->second.excused_until >= deadline) return std::nullopt;
    return Failure{outcome.uuid.to_string() + " to be tried until " + to_text(deadline) +
                       ", when the shutdown of " + event.client + " has to end",
                   "given up at " + to_text(event.at)};
  }

  Finding draining(World&, const DrainCall& call) override {
    Drains& drains = drains_[call.client];
    if (!call.is_shutdown) {
      drains.flushed_upto = std::max(drains.flushed_upto, call.upto);
      drains.flushes.push_back(call);
      return std::nullopt;
    }
    drains.closing_since = std::min(drains.closing_since, call.started);
    drains.shutdown_deadline = std::min(drains.shutdown_deadline, call.deadline);
    return std::nullopt;
  }

  Finding sent(World& world, const SentRequest& request) override {
    const ClientLimits* limits = world.limits(request.client);
    if (limits == nullptr) return std::nullopt;
    const auto at = endpoint_of(*limits, request.client, request.lane);
    Finding late = judge(*limits, *at, request.at);
    State& state = at->second;
    requests_[{request.client, request.number}] = leaving(*limits, at, request);
    ++state.in_flight;
    ++state.leaving;
    return late;
  }

  Finding arrived(World& world, const Seen& seen) override {
    const auto found = requests_.find({seen.client, seen.sent_as});
    if (found == requests_.end()) return std::nullopt;
    Request& request = found->second;
    State& state = request.at->second;
    request.has_arrived = true;
    --state.leaving;
    bool is_fresh = false;
    for (const SeenEvent& event : seen.parts) {
      const auto held = held_by_.find(event.uuid);
      if (held == held_by_.end()) continue;
      is_fresh = is_fresh || !held->second.has_arrived;
      held->second.has_arrived = true;
      held->second.retried_from = kNever;
    }
    const ClientLimits* limits = world.limits(seen.client);
    // Of those before it, too, it must be known what they carried.
    const bool is_known = ++state.arrived == request.place && !state.is_guessing;
    if (!is_known || limits == nullptr || !limits->has_ids || seen.parts.empty()) {
      return std::nullopt;
    }
    if (Finding out_of_turn = judge_turn(*limits, request, seen, is_fresh)) return out_of_turn;
    return is_fresh ? judge_batch(*limits, request, seen) : std::nullopt;
  }

  Finding request_ended(World& world, const EndedRequest& request) override {
    const auto found = requests_.find({request.client, request.number});
    const ClientLimits* limits = world.limits(request.client);
    if (found == requests_.end() || limits == nullptr) return std::nullopt;
    const auto at = found->second.at;
    const bool has_arrived = found->second.has_arrived;
    State& state = at->second;
    requests_.erase(found);
    --state.in_flight;
    // Of what never arrived nobody knows what it carried.
    state.is_guessing = state.is_guessing || !has_arrived;
    state.leaving -= has_arrived ? 0 : 1;
    const bool fails = goes_again(request);
    count_failure(state, request, fails);
    count_size(*limits, state.sizes[static_cast<std::size_t>(request.lane)], request);
    const Duration wait = std::max(fails ? longest_backoff(*limits, state, request) : Duration{0},
                                   longest_pause(*limits, request, world));
    const Instant until = saturating_add(request.at, wait);
    state.excused_until = std::max(state.excused_until, until);
    note_retry(state, request, until);
    return std::nullopt;
  }

  Finding turned(World& world) override {
    const Instant now = world.clock().now();
    for (auto& endpoint : endpoints_) {
      const ClientLimits* limits = world.limits(endpoint.first.first);
      if (limits == nullptr) continue;
      if (Finding late = judge(*limits, endpoint, now)) return late;
    }
    return std::nullopt;
  }

 private:
  struct Held {
    Uuid uuid;
    Instant since{};
    std::uint64_t order = 0;
  };
  // What a 413 made of a lane's batches.
  struct Size {
    std::size_t limit = 0;     // in events; 0: what the client was told
    std::size_t good = 0;      // batches of that size that were delivered in a row
    Uuid left_out;             // for which the last batch had no room, it seems
    std::size_t bytes = 0;     // of that batch
    const Seen* of = nullptr;  // that batch
  };
  // An event that goes again, the first of its request.
  struct Again {
    Uuid uuid;
    std::uint64_t order = 0;
    Lane lane = Lane::analytics;
    Instant since{};
    Instant from{};  // when it may go at the latest
  };
  struct State {
    // By age; those that have ended, or are sent, are forgotten when it matters.
    std::deque<Held> held;
    std::array<std::deque<Held>, kLaneCount> fresh;  // never sent yet
    std::vector<Again> again;
    std::array<Size, kLaneCount> sizes{};
    std::size_t in_flight = 0;
    std::size_t leaving = 0;  // of these, how many have not arrived
    std::size_t sent = 0;     // in all
    std::size_t arrived = 0;
    bool is_guessing = false;
    std::uint32_t failures = 0;
    std::uint32_t rounds = 0;                // of failures in a row
    Instant trouble_since = Instant::min();  // when the last round was known
    Instant excused_until = Instant::min();  // by the answers so far
    Instant evicted = Instant::min();        // when the last event was
    // The last request that arrived.
    bool was_fresh = false;
    Instant last_sent = Instant::min();
    Uuid passed_over;  // a fresh event that could have gone then
  };
  using Endpoints = std::map<EndpointName, State>;
  struct Whose {
    Endpoints::iterator at;
    std::uint64_t order = 0;
    bool has_arrived = false;
    Instant retried_from = kNever;  // kNever: it does not wait for that
  };
  struct Request {
    Endpoints::iterator at;
    bool has_arrived = false;
    bool is_due = false;  // if it is a fresh batch
    Lane lane = Lane::analytics;
    std::size_t place = 0;  // among those of the endpoint, from 1
    std::size_t most = 0;   // events, if it is a fresh batch
    Instant sent{};
    Uuid passed_over;  // nil: none that is certain
  };
  struct Drains {
    std::vector<DrainCall> flushes;
    std::uint64_t flushed_upto = 0;
    Instant closing_since = kNever;
    Instant shutdown_deadline = kNever;
  };

  Endpoints::iterator endpoint_of(const ClientLimits& limits, const std::string& client,
                                  Lane lane) {
    const bool is_ai = lane == Lane::ai && limits.ai_is_apart;
    return endpoints_.try_emplace({client, is_ai}).first;
  }

  // Requests that were under way together fail in one round.
  static void count_failure(State& state, const EndedRequest& request, bool fails) {
    state.failures += fails ? 1 : 0;
    if (request.was_cancelled) return;
    if (!fails || !is_trouble(request)) {
      state.rounds = 0;
    } else if (request.sent >= state.trouble_since) {
      ++state.rounds;
      state.trouble_since = request.at;
    }
  }

  // Four batches of the shrunk size that are delivered in a row double it.
  static void count_size(const ClientLimits& limits, Size& size, const EndedRequest& request) {
    const std::size_t events = request.words.size();
    if (request.was_cancelled || events == 0) return;
    const Word word = request.words.front();
    if (word == Word::too_large && events > 1) {
      const std::size_t now = size.limit == 0 ? limits.max_batch_size : size.limit;
      size.limit = std::min(now, events / 2);
      size.good = 0;
      return;
    }
    const int status = request.status;
    const bool is_good = status >= 200 && status < 300 && word != Word::nothing &&
                         word != Word::over_quota && !is_trouble(request);
    if (!is_good || size.limit == 0 || events < size.limit || ++size.good < 4) return;
    size.good = 0;
    size.limit *= 2;
    if (size.limit >= limits.max_batch_size) size.limit = 0;
  }

  // The first event of what goes again; of a batch that was too large, the first of its halves.
  void note_retry(State& state, const EndedRequest& request, Instant until) {
    if (request.seen == nullptr) return;
    for (std::size_t i = 0; i < request.words.size(); ++i) {
      const Word word = request.words[i];
      const bool is_split = word == Word::too_large && request.words.size() > 1;
      const bool is_lost = word == Word::nothing && !request.was_cancelled;
      if (word != Word::again && !is_lost && !is_split) continue;
      const auto held = held_by_.find(request.seen->parts[i].uuid);
      if (held == held_by_.end()) return;
      held->second.retried_from = until;
      state.again.push_back({held->first, held->second.order, request.lane, request.at, until});
      return;
    }
  }

  bool waits(const Again& one) const {
    const auto held = held_by_.find(one.uuid);
    return held != held_by_.end() && held->second.retried_from == one.from;
  }

  // It doubles with each failure of a batch, or with each round, whichever were more; up to the
  // cap, and what the jitter may add.
  static Duration longest_backoff(const ClientLimits& limits, const State& state,
                                  const EndedRequest& request) {
    const bool is_known = limits.has_ids && !state.is_guessing && request.seen != nullptr;
    const auto failures =
        is_known ? static_cast<std::uint32_t>(request.seen->attempt) : state.failures;
    const std::uint32_t of_a_batch = std::min(failures, limits.max_retries + 1);
    const std::uint32_t doublings = std::max(of_a_batch, state.rounds);
    Duration backoff = limits.retry_initial_backoff;
    for (std::uint32_t i = 1; i < doublings && backoff < limits.retry_max_backoff; ++i) {
      backoff = saturating_multiply(backoff, 2);
    }
    backoff = std::min(backoff, limits.retry_max_backoff);
    const Duration percent = backoff / 100 + Duration{1};
    return saturating_add(backoff, saturating_multiply(percent, limits.retry_jitter_percent));
  }

  // What the client made of it counts only where the answer leaves doubt.
  static Duration longest_pause(const ClientLimits& limits, const EndedRequest& request,
                                World& world) {
    if (!request.pause) return Duration{0};
    const auto plain = request.seen == nullptr ? std::nullopt : plain_retry_after(request, world);
    return std::min(plain.value_or(*request.pause), limits.max_retry_after);
  }

  bool is_held(const Held& held) const { return held_by_.contains(held.uuid); }
  bool is_fresh(const Held& held) const {
    const auto found = held_by_.find(held.uuid);
    return found != held_by_.end() && !found->second.has_arrived;
  }

  Finding judge(const ClientLimits& limits, Endpoints::value_type& endpoint, Instant now) {
    State& state = endpoint.second;
    if (now <= state.excused_until) return std::nullopt;
    if (state.in_flight == 0) return judge_oldest(limits, endpoint, now);
    // Which events a request carries is known when it arrives.
    const bool is_known = limits.has_ids && !state.is_guessing && state.leaving == 0;
    if (!is_known || state.in_flight >= limits.max_in_flight) return std::nullopt;
    return judge_fresh(limits, endpoint, now);
  }

  // With nothing in flight, whatever it holds waits, whether it was sent before or not.
  Finding judge_oldest(const ClientLimits& limits, Endpoints::value_type& endpoint, Instant now) {
    std::deque<Held>& held = endpoint.second.held;
    while (!held.empty() && !is_held(held.front())) held.pop_front();
    if (held.empty()) return std::nullopt;
    const Instant due = saturating_add(held.front().since, limits.flush_interval);
    if (Finding late = judge_due(endpoint, held.front(), due, now)) return late;
    const bool is_known = limits.has_ids && !endpoint.second.is_guessing;
    return is_known ? judge_fresh(limits, endpoint, now) : std::nullopt;
  }

  Finding judge_fresh(const ClientLimits& limits, Endpoints::value_type& endpoint, Instant now) {
    for (std::deque<Held>& lane : endpoint.second.fresh) {
      while (!lane.empty() && !is_fresh(lane.front())) lane.pop_front();
      if (lane.empty()) continue;
      const Instant due = due_at(limits, drains_[endpoint.first.first], lane, now);
      if (Finding late = judge_due(endpoint, lane.front(), due, now)) return late;
    }
    return std::nullopt;
  }

  static Instant due_at(const ClientLimits& limits, Drains& drains, const std::deque<Held>& lane,
                        Instant now) {
    const Held& oldest = lane.front();
    Instant due = saturating_add(oldest.since, limits.flush_interval);
    if (lane.size() >= limits.flush_at) due = std::min(due, lane[limits.flush_at - 1].since);
    if (now < drains.shutdown_deadline) due = std::min(due, drains.closing_since);
    std::erase_if(drains.flushes, [&](const DrainCall& call) { return call.deadline <= now; });
    for (const DrainCall& call : drains.flushes) {
      if (oldest.order <= call.upto) due = std::min(due, call.started);
    }
    return due;
  }

  static Finding judge_due(const Endpoints::value_type& endpoint, const Held& oldest, Instant due,
                           Instant now) {
    const State& state = endpoint.second;
    due = std::max(due, state.excused_until);
    if (now <= due) return std::nullopt;
    return Failure{"a request of " + endpoint.first.first + " by " + to_text(due) +
                       ", as it holds " + oldest.uuid.to_string() + " since " +
                       to_text(oldest.since) + " and has " + std::to_string(state.in_flight) +
                       " requests in flight",
                   "none until " + to_text(now)};
  }

  // A fresh event may not go yet unless enough of its lane wait, it is old enough, a flush was made
  // after it or the client closes. Those that are on their way already count here, too.
  bool is_due(const ClientLimits& limits, const Drains& drains, std::deque<Held>& lane,
              Instant now) const {
    while (!lane.empty() && !is_fresh(lane.front())) lane.pop_front();
    if (lane.empty() || lane.size() >= limits.flush_at || drains.closing_since <= now) return true;
    const Held& oldest = lane.front();
    return oldest.order <= drains.flushed_upto ||
           saturating_add(oldest.since, limits.flush_interval) <= now;
  }

  // A request that leaves now, whatever it carries.
  Request leaving(const ClientLimits& limits, Endpoints::iterator at, const SentRequest& sent) {
    State& state = at->second;
    Drains& drains = drains_[sent.client];
    const auto lane = static_cast<std::size_t>(sent.lane);
    const std::size_t shrunk = state.sizes[lane].limit;
    Request request;
    request.at = at;
    request.is_due = is_due(limits, drains, state.fresh[lane], sent.at);
    request.lane = sent.lane;
    request.place = ++state.sent;
    request.most = shrunk == 0 ? limits.max_batch_size : shrunk;
    request.sent = sent.at;
    if (state.again.empty() || state.leaving > 0 || state.is_guessing) return request;
    for (std::deque<Held>& fresh : state.fresh) {
      while (!fresh.empty() && !is_fresh(fresh.front())) fresh.pop_front();
      if (fresh.empty() || due_at(limits, drains, fresh, sent.at) >= sent.at) continue;
      request.passed_over = fresh.front().uuid;
    }
    return request;
  }

  // No two fresh batches in a row while a retry could go, no two retries while a fresh one could.
  // What gives way to newer events is told of too late here.
  Finding judge_turn(const ClientLimits& limits, const Request& request, const Seen& seen,
                     bool is_fresh) {
    State& state = request.at->second;
    const bool is_again = state.was_fresh == is_fresh;
    const Instant before = std::exchange(state.last_sent, request.sent);
    const Uuid passed_over = std::exchange(state.passed_over, request.passed_over);
    state.was_fresh = is_fresh;
    if (state.again.empty()) return std::nullopt;
    std::erase_if(state.again, [this](const Again& one) { return !waits(one); });
    if (!is_again || limits.queue_full == QueueFullPolicy::drop_oldest) return std::nullopt;
    if (is_fresh) {
      const auto starved = std::find_if(state.again.begin(), state.again.end(),
                                        [before](const Again& one) { return one.from < before; });
      if (starved == state.again.end()) return std::nullopt;
      return Failure{"the retry of " + starved->uuid.to_string() + ", due since " +
                         to_text(starved->from) + ", after one fresh batch of " + seen.client,
                     "a second one, sent at " + to_text(request.sent) + ": " + seen.to_text()};
    }
    // A flush that has timed out since no longer makes it due.
    const auto held = held_by_.find(passed_over);
    const bool waits = held != held_by_.end() && !held->second.has_arrived;
    if (!waits || request.passed_over != passed_over) return std::nullopt;
    return Failure{passed_over.to_string() + ", which was due before " + to_text(before) +
                       ", after one retry of " + seen.client,
                   "a second one, sent at " + to_text(request.sent) + ": " + seen.to_text()};
  }

  Finding judge_batch(const ClientLimits& limits, const Request& request, const Seen& seen) {
    constexpr std::size_t kLeastBody = 500'000;  // which every protocol takes
    constexpr std::size_t kAround = 1000;        // the events of a request, at most
    const std::size_t most_bytes = std::min(limits.max_batch_bytes, kLeastBody);
    State& state = request.at->second;
    std::deque<Held>& lane = state.fresh[static_cast<std::size_t>(request.lane)];
    while (!lane.empty() && !is_fresh(lane.front())) lane.pop_front();
    // What was captured at the instant of its leaving may have come before it or after it; and what
    // it left may have given way to newer events by now.
    const bool took_all =
        (lane.empty() || lane.front().since > request.sent) && state.evicted < request.sent;
    const bool left_some = !lane.empty() && lane.front().since < request.sent;
    // What takes all is as large as all.
    if (!request.is_due && took_all && seen.decoded.size() < most_bytes) {
      return Failure{"no request of " + seen.client + " with " +
                         seen.parts.front().uuid.to_string() +
                         " before flush_at events or max_batch_bytes wait, it has waited for the "
                         "flush interval, a flush covers it or a shutdown begins",
                     "sent at " + to_text(request.sent) + ": " + seen.to_text()};
    }
    // How large an event is nobody knows before it arrives.
    Size& size = state.sizes[static_cast<std::size_t>(request.lane)];
    const Size before = size;
    const bool is_short = left_some && seen.parts.size() < request.most;
    size.of = is_short ? &seen : nullptr;
    if (is_short) size.left_out = lane.front().uuid;
    size.bytes = seen.decoded.size();
    const bool had_room = before.of != nullptr && before.left_out == seen.parts.front().uuid &&
                          before.bytes + seen.decoded.size() + kAround <= most_bytes;
    if (!had_room) return std::nullopt;
    return Failure{"room in a batch for " + before.left_out.to_string() +
                       ", which waited and would have fitted, in " + before.of->to_text(),
                   "in the next one: " + seen.to_text()};
  }

  // The oldest gives way first, whether it waits for its first attempt or for another.
  Finding judge_eviction(const State& state, const EndedEvent& event, std::uint64_t order) const {
    if (state.leaving > 0 || state.is_guessing) return std::nullopt;
    for (const Again& one : state.again) {
      const bool is_older = one.order < order && one.lane == event.outcome.lane;
      if (!is_older || one.since >= event.at || !waits(one)) continue;
      return Failure{one.uuid.to_string() + ", which is older and waits since " +
                         to_text(one.since) + ", to give way before " +
                         event.outcome.uuid.to_string(),
                     "the other way round at " + to_text(event.at)};
    }
    return std::nullopt;
  }

  Endpoints endpoints_;
  ByUuid<Whose> held_by_;
  std::map<std::pair<std::string, std::string>, Request> requests_;  // that have not ended
  std::map<std::string, Drains> drains_;                             // by client
};

}  // namespace

std::unique_ptr<Oracle> make_promptness_oracle() { return std::make_unique<Promptness>(); }

}  // namespace lockstep::scenario
