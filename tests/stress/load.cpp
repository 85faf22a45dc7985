#include "tests/stress/load.h"

#include <algorithm>
#include <latch>
#include <utility>

#include "sdk/transport/sim_transport.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

constexpr Stream kTrouble{"trouble"};

mock::Step status(int code) {
  mock::Step step;
  step.status = code;
  return step;
}

mock::Step fault(http::Fault kind) {
  mock::Step step;
  step.fault = kind;
  step.fault_bytes = 1;
  return step;
}

mock::Step some_again(std::size_t events) {
  std::vector<mock::EventResult> results;
  for (std::size_t i = 0; i < events; ++i) results.emplace_back(i % 3 == 1 ? "retry" : "ok");
  mock::Step step;
  step.v1_event_results = std::move(results);
  return step;
}

}  // namespace

// --- Ledger
// -------------------------------------------------------------------------------------------

void Ledger::note(const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  if (!ends_.emplace(outcome.uuid, outcome).second) ++twice_;
}

void Ledger::listen(Options& options) {
  options.on_outcome = [this](const Outcome& outcome) { note(outcome); };
}

std::size_t Ledger::size() const {
  const std::lock_guard lock(mutex_);
  return ends_.size();
}

std::size_t Ledger::delivered() const { return delivered_uuids().size(); }

std::size_t Ledger::twice() const {
  const std::lock_guard lock(mutex_);
  return twice_;
}

bool Ledger::has(const Uuid& uuid) const {
  const std::lock_guard lock(mutex_);
  return ends_.contains(uuid);
}

std::vector<std::string> Ledger::delivered_uuids() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> uuids;
  for (const auto& [uuid, outcome] : ends_) {
    if (outcome.delivered) uuids.push_back(uuid.to_string());
  }
  return uuids;
}

// --- the server
// ---------------------------------------------------------------------------------------

TroubledServer::TroubledServer(std::uint64_t seed) : chance_(seed) {
  server.set_responder([this](const mock::ParsedRequest& request) { return decide(request); });
}

std::optional<mock::Step> TroubledServer::decide(const mock::ParsedRequest& request) {
  if (!mock::is_capture(request.route)) return std::nullopt;
  switch (chance_.below({kTrouble, 0, number_++}, 24)) {
    case 0:
      return status(503);
    case 1:
      return status(429);
    case 2:
      return request.event_count() > 1 ? std::optional(status(413)) : std::nullopt;
    case 3:
      return fault(http::Fault::reset_before);
    case 4:
      return fault(http::Fault::reset_after);
    case 5:
      return fault(http::Fault::truncate_body);
    case 6:
      return fault(http::Fault::garbage);
    case 7:
      if (request.route == mock::Route::v1) return some_again(request.event_count());
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// --- the rest
// -----------------------------------------------------------------------------------------

std::shared_ptr<ThreadHost> make_stress_host(http::Handler& server, std::uint64_t seed,
                                             Duration latency) {
  auto clock = std::make_shared<SystemClock>();
  auto network =
      std::make_unique<SimTransport>(*clock, server, SimNetworkOptions{latency, latency});
  return std::make_shared<ThreadHost>(clock, std::make_shared<const Chance>(seed),
                                      std::move(network));
}

Options stress_options() {
  Options options;
  options.api_key = "phc_stress";
  options.host = "http://ingestion.test";
  options.flush_at = 20;
  options.flush_interval = 2ms;
  options.max_batch_size = 20;
  options.max_queue_size = 100'000;
  options.max_retries = 1000;
  options.retry_initial_backoff = 100us;
  options.retry_max_backoff = 1ms;
  options.max_retry_after = 1ms;
  options.shutdown_timeout = 60s;
  return options;
}

void on_threads(std::size_t count, const std::function<void(std::size_t)>& work) {
  std::latch start(static_cast<std::ptrdiff_t>(count));
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

std::vector<std::string> stored_uuids(const mock::Server& server) {
  std::vector<std::string> uuids;
  for (const mock::StoredEvent& row : server.stored()) uuids.push_back(row.uuid);
  std::sort(uuids.begin(), uuids.end());
  return uuids;
}

}  // namespace lockstep
