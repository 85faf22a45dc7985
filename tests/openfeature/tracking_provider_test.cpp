#include "openfeature/tracking_provider.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "mockserver/server.h"
#include "openfeature/client.h"
#include "openfeature/memory_provider.h"
#include "sdk/host/sim_host.h"

namespace lockstep::openfeature {
namespace {

TEST(TrackingProvider, FlagsAreTheInnerOnesAndTrackingGoesToTheService) {
  mock::Server server;
  ::lockstep::Client sdk(
      {.api_key = "secret", .host = "http://events.test", .capture = Capture::confidence},
      std::make_shared<SimHost>(server));
  MemoryFlag on;
  on.variants = {{"on", true}};
  on.default_variant = "on";
  auto flags = std::make_shared<MemoryProvider>(MemoryFlags{{"a", on}});
  Client client(std::make_shared<TrackingProvider>(flags, std::make_shared<Tracker>(sdk)));
  int changes = 0;
  client.on(ProviderEventType::configuration_changed, [&](const ProviderEvent& event) {
    EXPECT_EQ(event.provider_name, "memory");
    ++changes;
  });

  EXPECT_EQ(client.provider_status(), ProviderStatus::ready);
  EXPECT_TRUE(client.get_boolean_value("a", false));
  flags->set("a", {});
  EXPECT_EQ(changes, 1);

  client.set_context(EvaluationContext("user-1"));
  client.track("checkout", EvaluationContext("", {{"country", "SE"}}), {.value = 0.0});
  EXPECT_TRUE(sdk.flush().ok());
  ASSERT_EQ(server.journal().size(), 1u);
  const auto event = nlohmann::json::parse(server.journal()[0].body)["events"][0];
  EXPECT_EQ(event["eventDefinition"], "eventDefinitions/checkout");
  EXPECT_EQ(event["payload"]["value"], 0.0);
  EXPECT_EQ(event["payload"]["context"],
            (nlohmann::json{{"targeting_key", "user-1"}, {"country", "SE"}}));
}

TEST(TrackingProvider, EndsWithItsClient) {
  auto flags = std::make_shared<MemoryProvider>();
  {
    mock::Server server;
    ::lockstep::Client sdk({.api_key = "secret", .host = "http://events.test"},
                           std::make_shared<SimHost>(server));
    Client client(std::make_shared<TrackingProvider>(flags, std::make_shared<Tracker>(sdk)));
    EXPECT_EQ(flags->status(), ProviderStatus::ready);
  }
  EXPECT_EQ(flags->status(), ProviderStatus::not_ready);
  flags->set("a", {});  // nobody is left to be told
}

TEST(TrackingProvider, WhatWasTrackedIsDeliveredBeforeTheApisShutdownIsOver) {
  mock::Server server;
  ::lockstep::Client sdk(
      {.api_key = "secret", .host = "http://events.test", .capture = Capture::confidence},
      std::make_shared<SimHost>(server));
  Api api;
  api.set_provider(std::make_shared<TrackingProvider>(std::make_shared<MemoryProvider>(),
                                                      std::make_shared<Tracker>(sdk)));
  api.client().track("checkout", EvaluationContext("user-1"));
  api.shutdown();
  EXPECT_EQ(sdk.stats().total().delivered, 1u);
}

TEST(TrackingProvider, AShutdownWaitsForTheServiceNoLongerThanItIsTold) {
  mock::Server server;
  mock::Step silence;
  silence.fault = http::Fault::no_answer;
  server.enqueue({silence});
  const auto host = std::make_shared<SimHost>(server);
  ::lockstep::Client sdk(
      {.api_key = "secret", .host = "http://events.test", .capture = Capture::confidence}, host);
  Api api;
  api.set_provider(std::make_shared<TrackingProvider>(std::make_shared<MemoryProvider>(),
                                                      std::make_shared<Tracker>(sdk),
                                                      std::chrono::milliseconds{300}));
  api.client().track("checkout", EvaluationContext("user-1"));
  const Instant began = host->clock().now();
  api.shutdown();
  EXPECT_EQ(host->clock().now() - began, std::chrono::milliseconds{300});
}

TEST(TrackingProvider, NeedsBothParts) {
  EXPECT_THROW(TrackingProvider(nullptr, nullptr), std::invalid_argument);
}

}  // namespace
}  // namespace lockstep::openfeature
