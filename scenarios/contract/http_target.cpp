#include "scenarios/contract/http_target.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "clock/chance.h"
#include "clock/uuid.h"
#include "mockserver/http_front.h"
#include "scenarios/contract/http_stage.h"

namespace lockstep::contract {

namespace {

constexpr Stream kTestId{"contract-test-id"};
constexpr Duration kProbePause = std::chrono::milliseconds{100};

http::Url parsed_url(const std::string& text) {
  auto url = http::Url::parse(text);
  if (!url || !url->query.empty()) {
    throw std::runtime_error('"' + text +
                             "\" is not an adapter's address, which is like http://127.0.0.1:8080");
  }
  return *std::move(url);
}

mock::ServerOptions server_options(bool strict) {
  mock::ServerOptions options;
  options.strict = strict;
  options.suite_compatible = true;
  return options;
}

// Every address is listened on, and nobody can connect to "every address".
bool is_any(const std::string& address) { return address == "0.0.0.0" || address == "::"; }

}  // namespace

struct HttpTarget::Shared {
  Shared(const std::string& adapter_url, const HttpOptions& some_options)
      : url(parsed_url(adapter_url)),
        options(some_options),
        server(server_options(options.strict)),
        front(server, clock, front_options()) {}

  mock::FrontOptions front_options() {
    mock::FrontOptions front_options;
    front_options.clock_of = [this](const http::Request& request) { return times.of(request); };
    return front_options;
  }

  void start_mock() {
    try {
      front.listen(options.mock_listen, options.mock_port);
    } catch (const std::exception& problem) {
      throw std::runtime_error("the mock server cannot listen on " + options.mock_listen + ':' +
                               std::to_string(options.mock_port) + ": " + problem.what());
    }
    mock_url = options.mock_url;
    if (!mock_url.empty()) return;
    mock_url = is_any(options.mock_listen) ? "http://127.0.0.1:" + std::to_string(front.port())
                                           : front.origin();
  }

  void pause() {
    std::mutex mutex;
    Condition never;
    std::unique_lock lock(mutex);
    clock.await(lock, never, saturating_add(clock.now(), kProbePause), [] { return false; });
  }

  // Nobody who answers, or who is not ready yet, may still become an adapter.
  void wait_for_adapter() {
    LinkOptions probe = options.link;
    probe.call_timeout = std::min(probe.call_timeout, options.start_timeout);
    AdapterLink link(url, probe);
    const Instant deadline = saturating_add(clock.now(), options.start_timeout);
    for (;; pause()) {
      const Answer answer = link.call("GET", "/health", std::nullopt, "");
      const bool is_up = answer.problem.empty() && answer.status < 500;
      if (is_up || clock.now() >= deadline) break;
    }
    health = link.health();
    name = health.sdk_name + ' ' + health.sdk_version;
  }

  const http::Url url;
  const HttpOptions options;
  SystemClock clock;
  const Chance chance{system_entropy()};
  std::atomic<std::uint64_t> tests{0};
  Health health;
  std::string name;
  std::string mock_url;
  TestTimes times;
  mock::Server server;
  mock::HttpFront front;
};

HttpTarget::HttpTarget(const std::string& adapter_url, const HttpOptions& options)
    : shared_(std::make_unique<Shared>(adapter_url, options)) {
  shared_->start_mock();
  shared_->wait_for_adapter();
}

HttpTarget::~HttpTarget() = default;

const std::string& HttpTarget::name() const { return shared_->name; }

const std::set<std::string>& HttpTarget::capabilities() const {
  return shared_->health.capabilities;
}

std::size_t HttpTarget::concurrency() const {
  return shared_->health.supports_parallel ? std::max<std::size_t>(shared_->options.concurrency, 1)
                                           : 1;
}

std::unique_ptr<Stage> HttpTarget::stage(const Test&) {
  HttpStage::Place place{shared_->url, shared_->options.link, shared_->server, shared_->mock_url,
                         ""};
  if (concurrency() > 1) {
    const std::uint64_t number = shared_->tests.fetch_add(1);
    const Chance& chance = shared_->chance;
    place.test_id =
        "t-" + make_uuid_v4(chance.bits({kTestId, number, 0}), chance.bits({kTestId, number, 1}))
                   .to_string();
  }
  if (!shared_->health.has_virtual_clock) {
    return std::make_unique<RealTimeStage>(std::move(place));
  }
  place.link.keep_alive = true;
  return std::make_unique<VirtualTimeStage>(std::move(place), shared_->times);
}

const Health& HttpTarget::health() const noexcept { return shared_->health; }
const std::string& HttpTarget::mock_url() const noexcept { return shared_->mock_url; }

}  // namespace lockstep::contract
