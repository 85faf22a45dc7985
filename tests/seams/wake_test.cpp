// How often the host's thread is woken: a system call for each capture would cost more than the
// capture.

#include <boost/test/unit_test.hpp>
#include <semaphore>
#include <thread>

#include "clock/system_clock.h"
#include "sdk/host/manual_host.h"
#include "sdk/host/thread_host.h"
#include "tests/seams/bench.h"

namespace lockstep {

using namespace std::chrono_literals;
using trompeloeil::_;

namespace {

// A transport whose wait() really sleeps. Not a mock's side effect: those run under a lock that all
// mocks share, so the sleeper would keep the producers from theirs.
class SleepingTransport final : public MockTransport {
 public:
  void wait(Instant) override {
    asleep.release();
    woken.acquire();
  }
  std::counting_semaphore<> asleep{0};
  std::counting_semaphore<> woken{0};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(WakeSeam)

BOOST_AUTO_TEST_CASE(ABurstOfCapturesWakesTheTransportOnce) {
  auto owned = std::make_unique<MockTransport>();
  MockTransport& transport = *owned;
  ALLOW_CALL(transport, collect()).RETURN(std::vector<Completion>{});
  ALLOW_CALL(transport, next_instant()).RETURN(kNever);
  auto host = std::make_shared<ManualHost>(std::make_shared<VirtualClock>(),
                                           std::make_shared<const Chance>(1), std::move(owned));
  ALLOW_CALL(transport, wake());  // at the client's end; what follows is stricter
  Client client(quiet_options(), host);
  {
    REQUIRE_CALL(transport, wake()).TIMES(1);  // the first starts the interval
    for (int i = 0; i < 99; ++i) static_cast<void>(client.capture("u", "e"));
  }
  {
    REQUIRE_CALL(transport, wake()).TIMES(1);  // the hundredth fills a batch
    for (int i = 0; i < 50; ++i) static_cast<void>(client.capture("u", "e"));
  }
  ALLOW_CALL(transport, start(_, _, _));
  ALLOW_CALL(transport, cancel(_));
  static_cast<void>(client.shutdown(0s));
}

// Each capture here asks for a wake-up of its own (flush_at 1); the thread that sleeps is woken
// once.
BOOST_AUTO_TEST_CASE(ASleepingThreadIsWokenOnceHoweverManyProducersCome) {
  auto owned = std::make_unique<SleepingTransport>();
  SleepingTransport& transport = *owned;
  ALLOW_CALL(transport, collect()).RETURN(std::vector<Completion>{});
  ALLOW_CALL(transport, next_instant()).RETURN(kNever);
  ALLOW_CALL(transport, start(_, _, _));
  ALLOW_CALL(transport, cancel(_));
  // Not let through to the sleeper yet: all producers meet it asleep.
  auto woken = NAMED_REQUIRE_CALL(transport, wake()).TIMES(1);

  auto host = std::make_shared<ThreadHost>(std::make_shared<SystemClock>(),
                                           std::make_shared<const Chance>(1), std::move(owned));
  transport.asleep.acquire();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 4; ++i) {
    Options options = quiet_options();
    options.flush_at = 1;
    clients.push_back(std::make_unique<Client>(std::move(options), host));
  }
  std::vector<std::thread> producers;
  for (const auto& client : clients) {
    producers.emplace_back([&client] {
      for (int i = 0; i < 100; ++i) static_cast<void>(client->capture("u", "e"));
    });
  }
  for (std::thread& producer : producers) producer.join();
  BOOST_CHECK(woken->is_satisfied());
  woken.reset();

  ALLOW_CALL(transport, wake()).LR_SIDE_EFFECT(transport.woken.release());
  transport.woken.release();
  for (const auto& client : clients) static_cast<void>(client->shutdown(0s));
  clients.clear();
  host.reset();
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
