// before_send and the observers: what they may do, and what they cannot break.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/sdk/client_bench.h"

namespace lockstep {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using Names = std::vector<std::string>;

TEST(ClientHooks, MayChangeEverythingThatIsSent) {
  ClientBench bench([](Options& options) {
    options.before_send = {[](Event& event) {
      event.name += "!";
      event.distinct_id = "pseudonym";
      event.properties.erase("email");
      event.properties.set("seen", true);
      event.timestamp = WallTime{seconds{0}};
      event.uuid = make_uuid_v4(5, 5);
      event.options.cookieless_mode = true;
      return true;
    }};
  });
  const CaptureResult result = bench.client->capture("me", "e", {{"email", "a@b"}, {"x", 1}});
  EXPECT_EQ(result.uuid, make_uuid_v4(5, 5)) << "as on the wire";
  static_cast<void>(bench.client->flush());
  const json event = bench.server.body(0)["batch"][0];
  EXPECT_EQ(event["uuid"], make_uuid_v4(5, 5).to_string());
  EXPECT_EQ(event["event"], "e!");
  EXPECT_EQ(event["distinct_id"], "pseudonym");
  EXPECT_EQ(event["timestamp"], "1970-01-01T00:00:00.000Z");
  EXPECT_FALSE(event["properties"].contains("email"));
  EXPECT_EQ(event["properties"]["seen"], true);
  EXPECT_EQ(event["properties"]["x"], 1);
  EXPECT_EQ(event["properties"]["$cookieless_mode"], true);
}

TEST(ClientHooks, MaySendAnEventThroughTheHistoricalLane) {
  ClientBench bench([](Options& options) {
    options.before_send = {[](Event& event) { return event.historical = true; }};
  });
  bench.capture("e");
  static_cast<void>(bench.client->flush());
  EXPECT_EQ(bench.server.body(0)["historical_migration"], true);
}

TEST(ClientHooks, SeeTheEventAsItWillBeSent) {
  Event seen;
  ClientBench bench([&](Options& options) {
    options.before_send = {[&](Event& event) {
      seen = event;
      return true;
    }};
  });
  const Uuid uuid = bench.capture("e");
  EXPECT_EQ(seen.name, "e");
  EXPECT_EQ(seen.uuid, uuid);
  EXPECT_EQ(seen.timestamp, VirtualClock::kDefaultStart);
}

TEST(ClientHooks, RunInOrderAndTheFirstDropEndsTheChain) {
  std::string ran;
  ClientBench bench([&](Options& options) {
    options.before_send = {[&](Event&) { return ran += "1", true; },
                           [&](Event&) { return ran += "2", false; },
                           [&](Event&) { return ran += "3", true; }};
  });
  const CaptureResult result = bench.client->capture("u", "e");
  EXPECT_EQ(ran, "12");
  EXPECT_EQ(result.admission, Admission::dropped);
  EXPECT_EQ(result.reason, DropReason::hook);
  EXPECT_FALSE(result.uuid.is_nil());
  EXPECT_TRUE(bench.client->flush().ok());
  EXPECT_TRUE(bench.server.seen.empty());
  ASSERT_EQ(bench.outcomes.size(), 1u);
  EXPECT_EQ(bench.outcomes[0].uuid, result.uuid);
  EXPECT_EQ(bench.outcomes[0].reason, DropReason::hook);
  EXPECT_EQ(bench.client->stats().total().captured, 1u);
}

TEST(ClientHooks, FailClosed) {
  for (const BeforeSend& hook : std::vector<BeforeSend>{
           [](Event&) -> bool { throw std::runtime_error("no"); }, [](Event&) -> bool { throw 7; },
           [](Event& event) { return event.name.clear(), true; },
           [](Event& event) { return event.distinct_id.clear(), true; }}) {
    ClientBench bench([&](Options& options) { options.before_send = {hook}; });
    EXPECT_EQ(bench.client->capture("u", "e").reason, DropReason::hook_failed);
    EXPECT_EQ(bench.client->stats().total().dropped(DropReason::hook_failed), 1u);
    EXPECT_EQ(bench.logged.size(), 1u);
    static_cast<void>(bench.client->flush());
    EXPECT_TRUE(bench.server.seen.empty());
  }
}

TEST(ClientHooks, MayCaptureAndFlush) {
  ClientBench* self = nullptr;
  FlushReport report{FlushStatus::closed};
  ClientBench bench([&](Options& options) {
    options.before_send = {[&](Event& event) {
      if (event.name == "outer") {
        EXPECT_TRUE(self->client->capture("u", "inner").ok());
        report = self->client->flush();
      }
      return true;
    }};
  });
  self = &bench;
  bench.capture("outer");
  EXPECT_EQ(report.status, FlushStatus::complete)
      << "it runs on the capturing thread, which may wait";
  EXPECT_EQ(report.delivered, 1u);
  static_cast<void>(bench.client->flush());
  EXPECT_EQ(bench.server.all_names(), (Names{"inner", "outer"}));
}

TEST(ClientHooks, AFlushFromAnObserverStartsAndDoesNotWait) {
  ClientBench* self = nullptr;
  std::vector<FlushStatus> statuses;
  ClientBench bench([&](Options& options) {
    options.on_outcome = [&](const Outcome&) {
      EXPECT_TRUE(self->client->capture("u", "from the observer").ok() || statuses.size() > 2);
      if (statuses.size() < 3) statuses.push_back(self->client->flush().status);
    };
  });
  self = &bench;
  bench.capture("first");
  static_cast<void>(bench.client->flush());
  bench.host->run_for(seconds{1});
  EXPECT_EQ(statuses, (std::vector<FlushStatus>(3, FlushStatus::deferred)));
  EXPECT_GE(bench.server.seen.size(), 4u) << "what it started went on";
}

TEST(ClientHooks, AShutdownFromAnObserverClosesWithoutWaiting) {
  ClientBench* self = nullptr;
  FlushStatus status = FlushStatus::complete;
  ClientBench bench([&](Options& options) {
    options.on_request = [&](const RequestReport&) { status = self->client->shutdown().status; };
  });
  self = &bench;
  for (int i = 0; i < 5; ++i) bench.capture("e");
  bench.host->run_for(seconds{1});
  EXPECT_EQ(status, FlushStatus::complete) << "the second one: all was drained";
  EXPECT_EQ(bench.server.all_names().size(), 5u);
  EXPECT_EQ(bench.client->capture("u", "late").admission, Admission::closed);
}

TEST(ClientHooks, AFlagAskedForInAnObserverSaysThatItCannotWait) {
  ClientBench* self = nullptr;
  FlagResult result;
  ClientBench bench([&](Options& options) {
    options.on_request = [&](const RequestReport&) {
      result = self->client->get_feature_flag({"f", "u"});
    };
  });
  self = &bench;
  bench.capture("e");
  static_cast<void>(bench.client->flush());
  EXPECT_EQ(result.value, std::nullopt);
  EXPECT_EQ(result.error, "called from a callback of the client");
  bench.host->run_for(seconds{10});
  EXPECT_TRUE(bench.server.flags_seen.empty());
}

TEST(ClientHooks, WhatAnObserverThrowsIsLoggedAndStopsNothing) {
  ClientBench bench([](Options& options) {
    options.on_outcome = [](const Outcome&) { throw std::runtime_error("observer"); };
    options.on_request = [](const RequestReport&) { throw 7; };
    options.on_error = [](const ErrorReport&) { throw std::runtime_error("error observer"); };
  });
  bench.server.then(400);
  bench.capture("e");
  EXPECT_EQ(bench.client->flush().dropped, 1u);
  bench.capture("f");
  EXPECT_EQ(bench.client->flush().delivered, 1u);
  EXPECT_GE(bench.logged.size(), 4u);
}

TEST(ClientHooks, ALoggerThatThrowsIsLeftAlone) {
  ClientBench bench([](Options& options) {
    options.logger = [](LogLevel, std::string_view) { throw std::runtime_error("logger"); };
    options.before_send = {[](Event&) -> bool { throw std::runtime_error("hook"); }};
  });
  EXPECT_EQ(bench.client->capture("u", "e").reason, DropReason::hook_failed);
}

TEST(ClientHooks, AnObserverMayDestroyTheClient) {
  ClientBench* self = nullptr;
  ClientBench bench([&](Options& options) {
    options.max_in_flight = 2;
    options.on_request = [&](const RequestReport&) { self->client.reset(); };
  });
  self = &bench;
  bench.server.then(503);
  for (int i = 0; i < 7; ++i) bench.capture("e");
  FlushHandle handle = bench.client->begin_flush(seconds{30});
  bench.host->run_for(seconds{60});
  EXPECT_EQ(bench.client, nullptr);
  EXPECT_TRUE(handle.done()) << "every event has its end, and who waits is told";
  EXPECT_EQ(handle.wait().pending, 0u);
  const std::size_t seen = bench.server.seen.size();
  EXPECT_LE(seen, 2u);
}

// Held by nothing but the other's observer, it ends when nobody can call that observer again: there
// it may wait for its events, and in a callback of their host it cannot.
TEST(ClientHooks, AClientThatAnObserverOwnsEndsWithItsOwner) {
  for (const bool in_callback : {false, true}) {
    std::unique_ptr<Client> owner;
    ClientBench bench([&](Options& options) {
      options.on_request = [&](const RequestReport&) { owner.reset(); };
    });
    std::vector<bool> delivered;
    Options options = ClientBench::options();
    options.on_outcome = [&](const Outcome& outcome) { delivered.push_back(outcome.delivered); };
    auto owned = std::make_shared<Client>(std::move(options), bench.host);
    ASSERT_TRUE(owned->capture("u", "owned").ok());
    Options owners = ClientBench::options();
    owners.on_outcome = [owned = std::move(owned)](const Outcome&) {};
    owner = std::make_unique<Client>(std::move(owners), bench.host);
    if (in_callback) {
      bench.capture("e");
      EXPECT_TRUE(bench.client->flush(seconds{30}).ok());
    } else {
      owner.reset();
    }
    EXPECT_EQ(owner, nullptr);
    EXPECT_EQ(delivered, std::vector<bool>{!in_callback});
    bench.host->run_for(seconds{60});
    EXPECT_EQ(bench.server.seen.size(), 1u);
  }
}

}  // namespace
}  // namespace lockstep
