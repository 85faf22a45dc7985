// What is behind a Client: one engine under one mutex, the protocols, and the two sides that use
// them.
//
// Callers' side: capture, flush, shutdown, flags. It takes the mutex for the few instructions that
// change the engine's state; nothing is rendered, encoded, compressed or sent under it. Host's
// side: take() and finish(), called by one thread at a time (a Pump). Every call checks first
// whether the process was forked: in a child nothing here may be locked.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "clock/chance.h"
#include "clock/clock.h"
#include "clock/trace.h"
#include "sdk/client.h"
#include "sdk/codec/codec.h"
#include "sdk/engine/engine.h"
#include "sdk/flags/called_cache.h"
#include "sdk/flags/flag_calls.h"
#include "sdk/host/host.h"
#include "sdk/host/hosted.h"
#include "sdk/options.h"
#include "sdk/protocol/protocol.h"

namespace lockstep {

class ClientCore final : public Hosted {
 public:
  // `options` are valid.
  ClientCore(Options options, std::shared_ptr<Host> host);

  // --- callers' side, thread-safe ---------------------------------------------------------------

  // An event before it has an identity.
  struct Draft {
    std::string_view distinct_id;
    std::string_view name;
    PropertyList properties;
    const EventOptions* options = nullptr;
    std::optional<Uuid> uuid = std::nullopt;
    std::optional<WallTime> timestamp = std::nullopt;
  };
  CaptureResult capture(Lane lane, const Draft& draft) noexcept;
  CaptureResult capture(Lane lane, Event event) noexcept;
  // Captures what `make` returns, which is called only where captures are not refused.
  CaptureResult capture_exception(std::string_view distinct_id,
                                  const std::function<Event()>& make) noexcept;

  engine::Ticket begin_flush(Instant deadline);
  engine::Ticket begin_shutdown(Instant deadline);
  bool ticket_done(engine::Ticket ticket) const;
  FlushReport ticket_report(engine::Ticket ticket) const;
  // Waits until the report is final and its consequences are carried out: callbacks called,
  // requests cancelled.
  FlushReport wait_for(engine::Ticket ticket, Instant deadline);
  void forget(engine::Ticket ticket) noexcept;

  FlagResult get_feature_flag(const FlagRequest& request);

  void set_opted_out(bool out) noexcept { opted_out_.store(out); }
  bool opted_out() const noexcept { return opted_out_.load(); }
  Stats stats() const;
  bool closing() const;
  bool closed() const;
  // Drops what is pending; Host::detach() carries it out. For a client that cannot wait.
  void abandon() noexcept;
  // In a forked child: the parent's client, of which nothing may be touched.
  bool foreign() const noexcept;

  const Options& options() const noexcept { return options_; }
  Host& host() noexcept { return *host_; }

  // --- the host's side --------------------------------------------------------------------------

  std::uint64_t id() const noexcept override { return client_id_; }
  void completed(std::uint64_t number, http::Result result, Now now) override;
  HostedWork take(Now now) override;
  void finish() override;
  Instant next_wake(Instant now) override;
  void hush() noexcept override { silenced_ = telling_; }
  std::mutex& mutex() const noexcept override { return mutex_; }
  Condition& changed() noexcept override { return changed_; }

  // The engine's.
  std::optional<std::string> broken_invariant() const override;
  std::uint64_t engine_digest() const;
  std::uint64_t shape(Instant now) const override;

 private:
  struct Request {  // an ingestion request in flight
    engine::BatchPtr batch;
    WallTime sent_at{};
    Instant started{};
    std::size_t body_bytes = 0;
    std::uint64_t traced = 0;  // its entry in the trace
  };

  struct News {  // what a turn has to tell the callbacks
    std::vector<engine::Ended> ended;
    std::vector<ErrorReport> errors;
    std::vector<RequestReport> requests;
  };

  // `wall` is the one wall reading of the capture.
  CaptureResult render_and_admit(Lane lane, const Draft& draft, Uuid uuid, WallTime timestamp,
                                 WallTime wall);
  CaptureResult admit(engine::EventRef event, Uuid uuid, WallTime wall);
  // The lane in which an event captured for `lane` travels.
  Lane lane_of(Lane lane, bool historical) const noexcept;
  CaptureResult drop(Lane lane, DropReason reason, Uuid uuid);
  CaptureResult refuse(Admission admission) noexcept;
  std::optional<Admission> refusal() const noexcept;
  void wait_for_room(std::unique_lock<std::mutex>& lock, Lane lane, std::size_t bytes);
  std::optional<DropReason> run_hooks(Event& event) const noexcept;
  Uuid new_uuid(WallTime time) noexcept;
  const Protocol& protocol(Lane lane) const noexcept;
  bool settled(std::optional<std::uint64_t>& turn) const;

  RequestReport report_of(const Request& request, Now now) const;
  void encode(const engine::Send& send, Now now, HostedWork& work);
  void report_flag(const FlagRequest& request, const FlagResult& result);
  void log(LogLevel level, std::string_view message) const noexcept;
  template <typename Argument>
  void call(const std::function<void(const Argument&)>& callback,
            const Argument& argument) const noexcept;

  // What goes into Options::trace (client_core_trace.cpp). All of these do nothing without one;
  // those that return a number return that of the entry, 0 where there is none.
  std::uint64_t trace(std::string_view label, std::initializer_list<TraceField> fields,
                      std::uint64_t cause = 0) const noexcept;
  std::uint64_t trace_send(const engine::Send& send, const http::Request& request) const;
  std::uint64_t trace_answer(std::uint64_t number, const Request& request,
                             const engine::Verdict& verdict) const;
  void trace_cancel(std::uint64_t number, std::uint64_t cause) const;
  void trace_flag_send(std::uint64_t number, const http::Request& request);
  void trace_flag_answer(std::uint64_t number, const http::Result& result);
  void trace_outcome(const Outcome& outcome) const;
  void trace_ticket(std::string_view label, engine::Ticket ticket, Instant deadline);
  // These three want the mutex held.
  void trace_reports();
  void trace_notes(std::uint64_t cause);
  void trace_timer(Instant next);

  const Options options_;
  const std::shared_ptr<Host> host_;
  const std::uint64_t client_id_;
  const std::uint64_t fork_generation_;
  const std::unique_ptr<Protocol> analytics_;
  const std::unique_ptr<Protocol> ai_;  // nullptr: the protocol has no endpoint of its own for it
  std::atomic<bool> opted_out_{false};
  std::atomic<std::uint64_t> uuids_{0};
  std::atomic<std::uint64_t> refused_{0};

  mutable std::mutex mutex_;
  Condition changed_;
  engine::Engine engine_;   // guarded by mutex_
  engine::Effects outbox_;  // what the engine wants and no turn has taken yet
  FlagCalls flags_;
  FlagCalledCache flag_called_;
  std::vector<std::uint64_t> flag_cancels_;
  bool turning_ = false;  // a turn has taken work and not finished it
  std::uint64_t turns_finished_ = 0;
  std::map<engine::Ticket, std::uint64_t> traced_tickets_;  // not done yet, by their trace entries
  Instant traced_timer_ = kNever;

  // The pumping thread's own.
  Compressor compressor_;
  std::map<std::uint64_t, Request> requests_;
  std::map<std::uint64_t, std::uint64_t> traced_flags_;  // requests in flight, by trace entries
  std::vector<RequestReport> reports_;
  News news_;              // of the turn that has taken work and not finished it
  bool telling_ = false;   // finish() is calling callbacks
  bool silenced_ = false;  // see hush()
};

// A ticket and the core that knows it; the last handle frees it.
class FlushTicket {
 public:
  FlushTicket(std::shared_ptr<ClientCore> core, engine::Ticket number, Instant deadline)
      : core_(std::move(core)), number_(number), deadline_(deadline) {}
  FlushTicket(const FlushTicket&) = delete;
  FlushTicket& operator=(const FlushTicket&) = delete;
  ~FlushTicket() {
    if (core_ != nullptr) core_->forget(number_);
  }
  // nullptr: there was nothing to start (a disabled or foreign client).
  ClientCore* core() const noexcept { return core_.get(); }
  engine::Ticket number() const noexcept { return number_; }
  Instant deadline() const noexcept { return deadline_; }

 private:
  std::shared_ptr<ClientCore> core_;
  engine::Ticket number_;
  Instant deadline_;
};

}  // namespace lockstep
