// A host whose requests are real and whose time is not: a driver moves it, step by step.
//
// Its thread pumps as a ThreadHost does, over real sockets; but timers, deadlines and blocking
// calls live on a virtual clock that stands still until somebody calls advance_to(). So a program
// in another process, say a contract runner, can let an hour of this SDK pass while the server, the
// network and the calls between the processes are the real ones.
//
// The rule: time moves only when nothing else can happen. No request is under way whose answer
// could come by itself, every call in progress waits, and the thread has nothing to do. What cannot
// be known in here, the driver says (Outside). Connecting is not part of virtual time: its timeout
// runs in real time.
#pragma once

#include <memory>

#include "clock/virtual_clock.h"
#include "sdk/host/thread_host.h"

namespace lockstep {

// Thread-safe.
class SteppedHost final : public Host {
 public:
  // Time moves in whole ticks: what is due in between is done at the end of the tick. So a driver
  // who counts in milliseconds knows each instant exactly.
  static constexpr Duration kTick = std::chrono::milliseconds{1};

  // A host of libcurl and operating-system entropy, whose wall time begins at `start`.
  static std::shared_ptr<SteppedHost> create(WallTime start, CurlOptions options = {});
  // `network` is never told a deadline; the host cancels what is overdue in virtual time.
  SteppedHost(WallTime start, std::shared_ptr<const Chance> chance,
              std::unique_ptr<Transport> network);
  // close().
  ~SteppedHost() override;
  SteppedHost(const SteppedHost&) = delete;
  SteppedHost& operator=(const SteppedHost&) = delete;

  Clock& clock() noexcept override;
  const Chance& chance() noexcept override { return threads_->chance(); }
  std::uint64_t next_client_id() noexcept override { return threads_->next_client_id(); }
  void attach(std::shared_ptr<Hosted> core) override { threads_->attach(std::move(core)); }
  void detach(const Hosted& core) noexcept override { threads_->detach(core); }
  void wake() noexcept override { threads_->wake(); }
  bool wait(Hosted& core, Instant deadline, const std::function<bool()>& done) override {
    return threads_->wait(core, deadline, done);
  }

  // A call of the program that uses the clients. While one is in progress and does not wait, time
  // stands still. Make one around everything that a driver must be able to rely on.
  class Call {
   public:
    explicit Call(std::shared_ptr<SteppedHost> host);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    std::shared_ptr<SteppedHost> host_;
  };

  // What a driver knows and the host does not.
  struct Outside {
    std::uint64_t calls = 0;  // that it has sent so far: time stands still until they are here
    std::size_t held = 0;     // requests whose answer the server holds back for later
  };

  struct State {
    Now now;
    Instant next = kNever;      // when something is due; `now` while something goes on
    std::size_t in_flight = 0;  // requests that have no whole answer yet
    std::uint64_t calls = 0;    // that have begun so far
    std::size_t waiting = 0;    // calls that are in progress and wait
    bool quiet = false;         // until `next` nothing happens, if Outside is right
  };

  State state(const Outside& outside) const;
  // Really waits until it is quiet, for `patience` at most.
  State settle(const Outside& outside, Duration patience);
  // The same; then, where it is quiet, moves time to the next instant at which something is due, to
  // `at` where that is earlier, does what is due and really waits until it is quiet again, each
  // time for `patience` at most. Does not move where it is not quiet, or `at` is not in the future.
  State advance_to(Instant at, const Outside& outside, Duration patience);

  // Makes the wall read `wall` now.
  void set_wall(WallTime wall) noexcept;

  // Ends what waits in settle() and advance_to(), now and later. Idempotent.
  void close() noexcept;

 private:
  struct Driver;
  class Network;

  State look(const Outside& outside) const;
  void begin_call();
  void end_call() noexcept;

  std::shared_ptr<Driver> driver_;
  std::shared_ptr<VirtualClock> clock_;
  Seat seat_;  // the driver's: time does not move by itself
  std::unique_ptr<ThreadHost> threads_;
};

}  // namespace lockstep
