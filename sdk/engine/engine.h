// The engine: everything that is hard about delivery, as a plain state machine.
//
// It does no I/O, reads no clock, takes no lock, knows no protocol by name. In: admitted events,
// verdicts, flush and shutdown requests, and the time, as arguments. Out: Effects, and the next
// instant at which it wants advance() called. Its state is a value: copy it, hash it, print it.
//
// Where to start: admit() puts an event in its lane; advance() forms batches and sends what is due
// (dispatch.cpp); completed() takes a verdict and ends, splits or re-queues (verdicts.cpp); flush
// and shutdown tickets are in drain.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clock/chance.h"
#include "clock/time.h"
#include "sdk/condition.h"
#include "sdk/engine/config.h"
#include "sdk/engine/effects.h"
#include "sdk/engine/verdict.h"

namespace lockstep::engine {

using Ticket = std::uint64_t;

// What admit() did, and whether the driver must call advance() earlier than it last heard.
struct Admitted {
  Admission admission = Admission::accepted;
  DropReason reason = DropReason::queue_full;  // only where dropped
  bool wake = false;
};

class Engine {
 public:
  // `chance` must outlive the engine and its copies.
  Engine(const Config& config, const Chance& chance) : config_(config), chance_(&chance) {}

  // --- inputs
  // -------------------------------------------------------------------------------------

  // Counts the event and takes it in, or ends it at once (too large; queue full, by policy).
  Admitted admit(EventRef event, Now now, Effects& out);

  // Counts an event that ended before it could be admitted (a hook dropped it, it is too large).
  void count_drop(Lane lane, DropReason reason) noexcept;

  // Whether admit() would find room for an event of that size without dropping anything.
  bool has_room(Lane lane, std::size_t bytes) const noexcept;

  // Sends everything captured so far as soon as the endpoint's pause allows; the ticket's report is
  // final when all of it has an outcome, or at `deadline`.
  Ticket flush(Now now, Instant deadline, Effects& out);

  // Closes the engine and drains it. At `deadline`, or as soon as nothing more can be sent before
  // it, what is left is cancelled and dropped. A second call gets a ticket of its own; its deadline
  // counts where it is earlier.
  Ticket shutdown(Now now, Instant deadline, Effects& out);

  // A request ended with this verdict. Ignored when the request was cancelled.
  void completed(RequestNumber request, Verdict verdict, Now now, Effects& out);

  // Does what is due at `now`. Calling it more often than asked for changes nothing.
  void advance(Now now, Effects& out);

  // --- what it says
  // -------------------------------------------------------------------------------

  // When advance() must be called next; kNever when nothing is due without an input.
  Instant next_wake(Instant now) const noexcept;

  // A ticket's report as it stands; final when the flag is true. Nothing for a forgotten ticket.
  std::optional<std::pair<FlushReport, bool>> report(Ticket ticket) const;
  // Says that nobody will ask for the report any more. What it started goes on.
  void forget(Ticket ticket);

  bool closing() const noexcept { return closing_; }
  bool closed() const noexcept { return closed_; }
  const std::array<LaneStats, kLaneCount>& ledger() const noexcept { return ledger_; }
  Instant last_success() const noexcept { return last_success_; }
  const Config& config() const noexcept { return config_; }

  // Every broken law of the state in one text; nothing when all hold: the ledger balances and
  // agrees with what is really held, bounds are kept, queues are in order.
  std::optional<std::string> broken_invariant() const;
  // The state as one number, equal for equal states on every compiler: all that decides what the
  // engine does next, and the ledger.
  std::uint64_t digest() const noexcept;
  // What can come next as one number, equal for states that differ only in how and when they came
  // about: instants count from `now`, those that have passed as passed, events that ended not at
  // all. For a config without jitter; what a jittered backoff draws depends on the past too.
  std::uint64_t future_digest(Instant now) const noexcept;
  // The kind of state it is, for those who ask which kinds were reached: digest() without amounts.
  // Counts are none, one or more; of instants only whether they have come. Its lowest byte is 1 and
  // the index of the condition.
  std::uint64_t shape(Instant now) const noexcept;
  Condition condition(Instant now) const noexcept;
  // The state for people.
  std::string to_text() const;

 private:
  // The place of a batch that waits for its next attempt, in the order in which they may go.
  using WaitKey = std::pair<Instant, std::uint64_t>;  // not before, then order of arrival
  struct LaneState {
    std::deque<EventRef> queue;  // fresh events, in order of admission
    std::size_t queue_bytes = 0;
    std::size_t in_flight_bytes = 0;             // of its events, as the queue's
    std::map<std::uint64_t, WaitKey> by_oldest;  // batches that wait, by their oldest's sequence
    std::size_t size_limit = 0;      // events in a batch, shrunk by a 413; 0: not shrunk
    std::uint32_t good_batches = 0;  // delivered in a row at the shrunk size
    bool full_episode = false;       // between the first refusal and the queue having half emptied
    std::uint64_t full_drops = 0;    // in this episode
    Instant full_warned{};
  };
  struct EndpointState {
    Instant pause_until = Instant::min();
    Instant trouble_since = Instant::min();  // when the last failure that set a backoff came
    std::uint32_t rounds = 0;                // failed rounds in a row: the backoff's exponent
    std::size_t in_flight = 0;
    std::map<WaitKey, std::shared_ptr<Batch>> waiting;  // shared with copies of the engine
    Lane next_lane = Lane::analytics;  // whose turn it is among lanes that share the endpoint
    bool fresh_turn = false;           // retries and fresh events take turns
  };
  struct InFlight {
    BatchPtr batch;
    EndpointIndex endpoint = 0;
    Instant started{};
  };
  struct TicketState {
    std::uint64_t upto = 0;  // covers events with a smaller sequence
    Instant deadline{};
    bool shutdown = false;
    bool done = false;
    bool forgotten = false;  // nobody asks for the report: freed once it is done
    FlushReport report;
  };

  LaneState& lane(Lane which) noexcept { return lanes_[static_cast<std::size_t>(which)]; }
  const LaneState& lane(Lane which) const noexcept {
    return lanes_[static_cast<std::size_t>(which)];
  }
  LaneStats& stats(Lane which) noexcept { return ledger_[static_cast<std::size_t>(which)]; }
  const LaneStats& stats(Lane which) const noexcept {
    return ledger_[static_cast<std::size_t>(which)];
  }
  const LaneConfig& limits(Lane which) const noexcept {
    return config_.lanes[static_cast<std::size_t>(which)];
  }

  // admission (engine.cpp)
  bool fits(Lane which, std::size_t bytes) const noexcept;
  bool make_room(Lane which, std::size_t bytes, Now now, Effects& out);
  bool evict_oldest(Lane which, Effects& out);
  void evict_waiting(Lane which, Effects& out);
  void warn_full(Lane which, Now now, Effects& out);
  void settle_full_episode(Lane which) noexcept;
  void end(EventRef event, Ended how, Effects& out);

  // dispatch.cpp
  void dispatch(EndpointIndex endpoint, Now now, Effects& out);
  BatchPtr take_retry(EndpointState& endpoint, Now now);
  BatchPtr take_fresh(EndpointIndex index, Now now);
  BatchPtr form_batch(Lane which, Now now);
  void send(EndpointIndex index, BatchPtr batch, Now now, Effects& out);
  bool lane_due(Lane which, Instant now) const noexcept;
  Instant lane_due_at(Lane which, Instant now) const noexcept;
  std::size_t batch_limit(Lane which) const noexcept;
  std::size_t event_bytes(const Batch& batch) const noexcept;
  Instant earliest_send(EndpointIndex index, Instant now) const noexcept;

  // verdicts.cpp
  void end_all(const Batch& batch, const Ended& how, Effects& out);
  void retry(const Batch& batch, std::vector<EventRef> events, const Verdict& verdict,
             EndpointIndex index, Instant started, Now now, Effects& out);
  void split(const Batch& batch, EndpointIndex index, Now now, Effects& out);
  void per_event(const Batch& batch, const Verdict& verdict, EndpointIndex index, Instant started,
                 Now now, Effects& out);
  Duration backoff(std::uint64_t batch, std::uint32_t failures) const noexcept;
  void note_success(Lane which, std::size_t events) noexcept;
  void wait_until(EndpointIndex index, Instant at, std::shared_ptr<Batch> batch);

  // drain.cpp
  TicketState& new_ticket(Ticket number, Instant deadline);
  void finish_tickets(Now now, Effects& out);
  void free_forgotten_tickets();
  void finish_shutdown(Now now, Effects& out);
  bool shutdown_is_over(Instant now) const noexcept;
  static bool withdraw(RequestNumber request, Effects& out);
  bool anything_can_be_sent_before(Instant deadline, Instant now) const noexcept;
  void drop_everything(Effects& out);
  void count_for_tickets(std::uint64_t sequence, bool delivered, Effects& out);
  std::uint64_t flushed_upto() const noexcept;
  std::uint64_t pending() const noexcept;

  Config config_;
  const Chance* chance_;
  std::array<LaneState, kLaneCount> lanes_{};
  std::array<EndpointState, kEndpointCount> endpoints_{};
  std::map<RequestNumber, InFlight> in_flight_;
  std::map<Ticket, TicketState> tickets_;
  std::array<LaneStats, kLaneCount> ledger_{};
  std::uint64_t next_sequence_ = 0;
  std::uint64_t next_batch_ = 1;
  std::uint64_t next_request_ = 1;
  std::uint64_t next_wait_ = 1;
  Ticket next_ticket_ = 1;
  bool closing_ = false;
  bool closed_ = false;
  Instant shutdown_deadline_ = kNever;
  Instant last_success_ = Instant::min();
};

}  // namespace lockstep::engine
