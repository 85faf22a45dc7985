// The stages of tests over HTTP: a line to an adapter, a partition of a mock server on a real
// socket, and the time of a test, real or virtual. HttpTarget (http_target.h) makes them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "clock/virtual_clock.h"
#include "http/message.h"
#include "scenarios/contract/adapter_link.h"
#include "scenarios/contract/stage.h"

namespace lockstep::contract {

// What both kinds have in common: all but the time.
class HttpStage : public Stage {
 public:
  struct Place {
    http::Url adapter;
    LinkOptions link;
    mock::Server& server;  // outlives the stage, as does the address
    const std::string& mock_url;
    std::string test_id;  // empty: the adapter has one SDK, and no test id
  };

  // Empties the test's partition of the mock; so does the destructor.
  explicit HttpStage(Place place);
  ~HttpStage() override;

  mock::Server& server() override { return place_.server; }
  const std::string& test_id() const override { return place_.test_id; }
  const std::string& mock_url() const override { return place_.mock_url; }
  // The first violation that a strict mock found.
  std::optional<Breach> breach() override;

 protected:
  const Place& place() const noexcept { return place_; }
  AdapterLink& link() noexcept { return link_; }

 private:
  const Place place_;
  AdapterLink link_;
};

class RealTimeStage final : public HttpStage {
 public:
  using HttpStage::HttpStage;

  Answer call(std::string_view method, std::string_view path,
              const std::optional<std::string>& body) override;
  void wait(Duration time) override;
  std::optional<bool> settle(Duration limit) override;
  Now now() const override { return clock_.read(); }

 private:
  SystemClock clock_;
};

// A test's time, as the mock's front reads it and waits in it. Both halves show the same time but
// for the moment of a step: what the step causes arrives in the new time, and only when the adapter
// has done what was due do answers leave that have been delayed until then.
class StageClock final : public Clock {
 public:
  explicit StageClock(WallTime start) : arrivals_(start), releases_(start), seat_(releases_) {}

  Instant now() const noexcept override { return arrivals_.now(); }
  WallTime wall_now() const noexcept override { return arrivals_.wall_now(); }
  bool await(std::unique_lock<std::mutex>& lock, Condition& condition, Instant deadline,
             const std::function<bool()>& ready) override {
    return releases_.await(lock, condition, deadline, ready);
  }
  void notify(Condition& condition) noexcept override { releases_.notify(condition); }

  void arrive_at(Instant at) noexcept { arrivals_.advance_to(at); }
  void release() noexcept { releases_.advance_to(arrivals_.now()); }
  // How many answers are delayed, and until when the first of them is.
  std::size_t held() const noexcept { return releases_.waiting(); }
  Instant next_release() const noexcept { return releases_.next_deadline(); }

 private:
  VirtualClock arrivals_;
  VirtualClock releases_;
  Seat seat_;  // the stage's: time does not pass by itself
};

// Whose time a request to the mock lives in, by its X-Test-Id. Thread-safe.
class TestTimes {
 public:
  void put(const std::string& test_id, std::shared_ptr<Clock> clock);
  void remove(const std::string& test_id);
  // nullptr: in real time.
  std::shared_ptr<Clock> of(const http::Request& request) const;

 private:
  mutable std::mutex mutex_;  // guards clocks_
  std::map<std::string, std::shared_ptr<Clock>, std::less<>> clocks_;
};

// While a call is under way, and in wait() and settle(), this stage moves the adapter's clock and
// its own, from one instant at which something is due to the next. It moves them only when nothing
// else can happen: the adapter has nothing to do, each call to it waits, and no request of the SDK
// is under way but those whose answer the mock holds back.
class VirtualTimeStage final : public HttpStage {
 public:
  // Throws AdapterError. `times` outlives the stage.
  VirtualTimeStage(Place place, TestTimes& times);
  ~VirtualTimeStage() override;

  Answer call(std::string_view method, std::string_view path,
              const std::optional<std::string>& body) override;
  void wait(Duration time) override;
  std::optional<bool> settle(Duration limit) override;
  Now now() const override { return clock_->read(); }

 private:
  void carry_out(AdapterLink::CallId call);
  void until_quiet(std::optional<AdapterLink::CallId> call);
  bool is_quiet() const;
  ClockStep step() const;
  Instant next_instant() const;
  void advance_to(Instant at);

  TestTimes& times_;
  SystemClock real_;
  std::shared_ptr<StageClock> clock_;
  ClockState adapter_;
  std::int64_t began_at_ms_ = 0;  // on the adapter's clock
  std::uint64_t calls_ = 0;       // that the adapter has been sent
  bool broken_ = false;           // it does not answer any more
};

}  // namespace lockstep::contract
