// The chain of before_send hooks: order, what each one sees, and where the chain ends.

#include <boost/test/unit_test.hpp>
#include <stdexcept>
#include <thread>

#include "tests/seams/bench.h"

namespace lockstep {

using namespace std::chrono_literals;
using trompeloeil::_;

namespace {

struct HookBench : SeamBench {
  HookBench() : client(make_options(user), host) {}

  static Options make_options(MockUser& user) {
    Options options = quiet_options();
    user.connect_hooks(options);
    return options;
  }

  MockUser user;
  Client client;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(HookSeam)

BOOST_AUTO_TEST_CASE(HooksRunInOrderAndEachSeesWhatTheLastOneMade) {
  HookBench bench;
  trompeloeil::sequence order;
  REQUIRE_CALL(bench.user, first_hook(_))
      .WITH(_1.properties.json("n") == "1")
      .SIDE_EFFECT(_1.properties.set("n", 2))
      .IN_SEQUENCE(order)
      .RETURN(true);
  REQUIRE_CALL(bench.user, second_hook(_))
      .WITH(_1.properties.json("n") == "2")
      .SIDE_EFFECT(_1.properties.set("n", 3))
      .IN_SEQUENCE(order)
      .RETURN(true);
  REQUIRE_CALL(bench.user, third_hook(_))
      .WITH(_1.properties.json("n") == "3")
      .IN_SEQUENCE(order)
      .RETURN(true);
  BOOST_CHECK(bench.client.capture("u", "e", {{"n", 1}}).ok());
  static_cast<void>(bench.client.begin_flush(1h));
  bench.host->settle();
  BOOST_REQUIRE(bench.started.size() == 1u);
  BOOST_CHECK(bench.started[0].request.body.find(R"("n":3)") != std::string::npos);
  bench.finish(bench.started[0].id, 200);
}

BOOST_AUTO_TEST_CASE(TheChainEndsAtTheFirstDrop) {
  HookBench bench;
  REQUIRE_CALL(bench.user, first_hook(_)).RETURN(true);
  REQUIRE_CALL(bench.user, second_hook(_)).RETURN(false);
  FORBID_CALL(bench.user, third_hook(_));
  const CaptureResult result = bench.client.capture("u", "e");
  BOOST_CHECK(result.admission == Admission::dropped);
  BOOST_CHECK(result.reason == DropReason::hook);
  BOOST_CHECK(bench.client.stats().total().dropped(DropReason::hook) == 1u);
}

BOOST_AUTO_TEST_CASE(AThrowEndsTheChainAndTheEvent) {
  HookBench bench;
  REQUIRE_CALL(bench.user, first_hook(_)).THROW(std::runtime_error("a bug"));
  FORBID_CALL(bench.user, second_hook(_));
  FORBID_CALL(bench.user, third_hook(_));
  const CaptureResult result = bench.client.capture("u", "e");
  BOOST_CHECK(result.admission == Admission::dropped);
  BOOST_CHECK(result.reason == DropReason::hook_failed);
  BOOST_CHECK(bench.client.stats().total().pending == 0u);
}

BOOST_AUTO_TEST_CASE(AHookThatEmptiesTheNameEndsTheChain) {
  HookBench bench;
  REQUIRE_CALL(bench.user, first_hook(_)).SIDE_EFFECT(_1.name.clear()).RETURN(true);
  FORBID_CALL(bench.user, second_hook(_));
  FORBID_CALL(bench.user, third_hook(_));
  BOOST_CHECK(bench.client.capture("u", "e").reason == DropReason::hook_failed);
}

BOOST_AUTO_TEST_CASE(NoHookSeesAnEventThatIsRefusedAnyway) {
  HookBench bench;
  FORBID_CALL(bench.user, first_hook(_));
  static_cast<void>(bench.client.capture("", "e"));
  static_cast<void>(bench.client.capture("u", ""));
  static_cast<void>(bench.client.capture("u", "e", {{"broken", Json{"{"}}}));
  bench.client.opt_out();
  static_cast<void>(bench.client.capture("u", "e"));
  BOOST_CHECK(bench.client.stats().refused == 4u);
}

BOOST_AUTO_TEST_CASE(HooksRunOnTheCapturingThread) {
  HookBench bench;
  std::thread::id seen{};
  ALLOW_CALL(bench.user, first_hook(_))
      .LR_SIDE_EFFECT(seen = std::this_thread::get_id())
      .RETURN(false);
  std::thread::id capturing{};
  std::thread([&] {
    capturing = std::this_thread::get_id();
    static_cast<void>(bench.client.capture("u", "e"));
  }).join();
  BOOST_CHECK(seen == capturing);
}

// No lock of the client is held around them. The hook is no mock: a mock would call it under the
// mocks' own lock.
BOOST_AUTO_TEST_CASE(AHookMayUseTheClient) {
  SeamBench bench;
  Client* used = nullptr;
  Options options = quiet_options();
  options.before_send = {[&used](const Event& event) {
    if (event.name == "outer") {
      static_cast<void>(used->stats());
      static_cast<void>(used->capture("u", "inner"));
      static_cast<void>(used->flush(1s));
    }
    return true;
  }};
  Client client(std::move(options), bench.host);
  used = &client;
  BOOST_CHECK(client.capture("u", "outer").ok());
  BOOST_CHECK(client.stats().total().captured == 2u);
  BOOST_REQUIRE(bench.started.size() == 1u);
  BOOST_CHECK(bench.started[0].request.body.find(R"("event":"inner")") != std::string::npos);
  ALLOW_CALL(bench.transport, cancel(_));
  static_cast<void>(client.shutdown(0s));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace lockstep
