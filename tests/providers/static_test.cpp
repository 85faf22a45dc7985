#include "providers/static.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "openfeature/client.h"
#include "providers/static_file.h"
#include "providers/static_rules.h"

namespace lockstep::providers {
namespace {

using openfeature::Client;
using openfeature::ErrorCode;
using openfeature::EvaluationContext;
using openfeature::List;
using openfeature::ProviderEvent;
using openfeature::ProviderEventType;
using openfeature::ProviderStatus;

// A flag file of the test's own that is rewritten while a provider uses it; gone with the test.
class FlagFile {
 public:
  FlagFile() : path_(testing::TempDir() + "lockstep-flags-XXXXXX") {
    const int file = mkstemp(path_.data());
    if (file >= 0) close(file);
  }
  ~FlagFile() { std::filesystem::remove(path_); }
  void write(const std::string& text) const { std::ofstream(path_) << text; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string flag(const std::string& value) {
  return "[flags.a]\nvariants = { only = " + value + " }\ndefault = 'only'\n";
}

TEST(StaticProvider, RulesDecideInOrderAndTheDefaultLast) {
  Client client(Static::from_text(R"(
[flags.tier]
variants = { gold = "gold", basic = "basic", none = "" }
default = "none"
rules = [
  { when = [{ attribute = "seats", at_least = 100 }], variant = "gold" },
  { when = [{ attribute = "plan", in = ["pro", "team"] }], variant = "basic" },
]
)"));
  EvaluationContext large("c-1");
  large.set("seats", 250).set("plan", "pro");
  const auto details = client.get_string_details("tier", "?", large);
  EXPECT_EQ(details.value, "gold");
  EXPECT_EQ(details.reason, "TARGETING_MATCH");
  EXPECT_EQ(client.get_string_value("tier", "?", EvaluationContext("c-2").set("plan", "team")),
            "basic");
  EXPECT_EQ(client.get_string_details("tier", "?").reason, "DEFAULT");
}

TEST(StaticProvider, ADisabledFlagIsTheCallersDefault) {
  Client client(
      Static::from_text("[flags.a]\nenabled = false\nvariants = { on = true }\n"
                        "default = 'on'\n"));
  const auto details = client.get_boolean_details("a", false);
  EXPECT_FALSE(details.value);
  EXPECT_EQ(details.reason, "DISABLED");
  EXPECT_FALSE(details.error_code);
}

TEST(StaticProvider, WithoutASubjectARolloutIsTheDefaultAndNoError) {
  Client client(Static::from_text(R"(
[flags.a]
variants = { on = true, off = false }
default = "off"
rules = [{ percent = 99, variant = "on" }]
)"));
  const auto details = client.get_boolean_details("a", true);
  EXPECT_FALSE(details.value);
  EXPECT_EQ(details.reason, "DEFAULT");
  EXPECT_FALSE(details.error_code);
}

TEST(StaticProvider, AMissingFlagIsTheCallersDefault) {
  Client client(Static::from_text(flag("true")));
  const auto details = client.get_boolean_details("b", true);
  EXPECT_TRUE(details.value);
  EXPECT_EQ(details.error_code, ErrorCode::flag_not_found);
  EXPECT_EQ(client.provider_status(), ProviderStatus::ready);
}

TEST(StaticProvider, ARolloutIsStableAndAboutAsLargeAsItSays) {
  const StaticFlags flags = parse_flags(R"(
[flags.f]
variants = { red = "red", blue = "blue", none = "none" }
default = "none"
rules = [{ percent = 50, split = [{ variant = "red", weight = 1 },
                                  { variant = "blue", weight = 3 }] }]
)",
                                        "f");
  std::map<std::string, int> seen;
  for (int i = 0; i < 4'000; ++i) {
    const EvaluationContext context("user-" + std::to_string(i));
    const auto first = resolve(flags.at("f"), context);
    EXPECT_EQ(first, resolve(flags.at("f"), context));
    ++seen[*first.variant];
  }
  EXPECT_NEAR(seen["none"], 2'000, 150);
  EXPECT_NEAR(seen["red"], 500, 100);
  EXPECT_NEAR(seen["blue"], 1'500, 150);
}

TEST(StaticProvider, RaisingAPercentageMovesNobodyOut) {
  const auto at = [](int percent) {
    return parse_flags(
               "[flags.f]\nvariants = {on = true, off = false}\ndefault = 'off'\n"
               "rules = [{percent = " +
                   std::to_string(percent) + ", variant = 'on'}]\n",
               "f")
        .at("f");
  };
  const StaticFlag ten = at(10);
  const StaticFlag twenty = at(20);
  for (int i = 0; i < 1'000; ++i) {
    const EvaluationContext context(std::to_string(i));
    if (resolve(ten, context).variant != "on") continue;
    EXPECT_EQ(resolve(twenty, context).variant, "on");
  }
}

TEST(StaticProvider, ComparisonsOfTheWrongTypeDoNotHold) {
  EvaluationContext context("user-1");
  context.set("age", "18").set("tags", List{"beta", 2}).set("nothing", nullptr);
  EXPECT_FALSE(holds({"age", Comparison::at_least, {18}}, context));
  EXPECT_TRUE(holds({"age", Comparison::at_least, {"17"}}, context));
  EXPECT_FALSE(holds({"missing", Comparison::less_than, {18}}, context));
  EXPECT_TRUE(holds({"missing", Comparison::not_in, {18}}, context));
  EXPECT_TRUE(holds({"nothing", Comparison::absent, {}}, context));
  EXPECT_TRUE(holds({"tags", Comparison::contains, {2.0}}, context));
  EXPECT_TRUE(holds({"targeting_key", Comparison::starts_with, {"user-"}}, context));
}

TEST(StaticProvider, ABrokenFileKeepsTheLastGoodOneAndSaysWhereItIsBroken) {
  FlagFile file;
  file.write(flag("1"));
  auto provider = std::make_shared<Static>(file.path());
  Client client(provider);
  std::vector<ProviderEvent> heard;
  client.on(ProviderEventType::stale, [&](const ProviderEvent& event) { heard.push_back(event); });

  file.write(flag("1") + "default = 'only'\n");
  EXPECT_FALSE(provider->refresh());
  EXPECT_EQ(client.get_integer_value("a", 0), 1);
  EXPECT_EQ(client.provider_status(), ProviderStatus::stale);
  EXPECT_FALSE(provider->is_healthy());
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_NE(heard[0].message.find(file.path() + ":4:"), std::string::npos) << heard[0].message;
  EXPECT_EQ(provider->last_error(), heard[0].message);

  file.write(flag("2"));
  EXPECT_TRUE(provider->refresh());
  EXPECT_EQ(client.get_integer_value("a", 0), 2);
  EXPECT_EQ(client.provider_status(), ProviderStatus::ready);
  EXPECT_EQ(provider->last_error(), "");
}

TEST(StaticProvider, AChangeNamesTheFlagsThatChanged) {
  FlagFile file;
  file.write(flag("1") + "[flags.b]\nvariants = { x = 1 }\n[flags.c]\nvariants = { x = 1 }\n");
  auto provider = std::make_shared<Static>(file.path());
  Client client(provider);
  std::vector<std::string> changed;
  client.on(ProviderEventType::configuration_changed,
            [&](const ProviderEvent& event) { changed = event.flags_changed; });
  provider->refresh();
  EXPECT_TRUE(changed.empty());
  file.write(flag("1") + "[flags.b]\nvariants = { x = 2 }\n[flags.d]\nvariants = { x = 1 }\n");
  provider->refresh();
  EXPECT_EQ(changed, (std::vector<std::string>{"b", "d", "c"}));
}

TEST(StaticProvider, AnEmptyFileHasNoFlags) {
  FlagFile file;
  file.write("");
  const auto provider = std::make_shared<Static>(file.path());
  Client client(provider);
  EXPECT_EQ(provider->last_error(), "");
  EXPECT_EQ(client.provider_status(), ProviderStatus::ready);
  EXPECT_EQ(client.get_integer_details("a", 7).error_code, ErrorCode::flag_not_found);
}

TEST(StaticProvider, WhatIsNoFileIsNamed) {
  for (const std::string path : {"/no/such/flags.toml", "/"}) {
    const auto provider = std::make_shared<Static>(path);
    Client client(provider);
    EXPECT_EQ(provider->last_error(), path + ": cannot be read");
    EXPECT_EQ(client.provider_status(), ProviderStatus::error);
  }
}

TEST(StaticProvider, ASourceIsReadAgainAndWhatItThrowsTakesNothingAway) {
  std::string text = flag("1");
  const auto provider = Static::from_source(
      [&text]() -> std::string {
        if (text.empty()) throw std::runtime_error("no connection");
        if (text == "nothing") throw 7;
        return text;
      },
      "settings");
  Client client(provider);
  EXPECT_EQ(client.get_integer_details("a", 7).value, 1);
  text.clear();
  EXPECT_FALSE(provider->refresh());
  EXPECT_EQ(provider->last_error(), "settings: no connection");
  text = "nothing";
  EXPECT_FALSE(provider->refresh());
  EXPECT_EQ(provider->last_error(), "settings: cannot be read");
  EXPECT_EQ(client.provider_status(), ProviderStatus::stale);
  EXPECT_EQ(client.get_integer_details("a", 7).value, 1);
  text = flag("2");
  EXPECT_EQ(client.get_integer_details("a", 7).value, 1) << "no evaluation reads";
  EXPECT_TRUE(provider->refresh());
  EXPECT_EQ(client.get_integer_details("a", 7).value, 2);
}

TEST(StaticProvider, WithoutAnyGoodFileItIsInError) {
  FlagFile file;
  file.write("[flags");
  auto provider = std::make_shared<Static>(file.path());
  Client client(provider);
  EXPECT_EQ(client.provider_status(), ProviderStatus::error);
  EXPECT_EQ(client.get_integer_details("a", 7).error_code, ErrorCode::provider_not_ready);
  file.write(flag("1"));
  EXPECT_TRUE(provider->refresh());
  EXPECT_EQ(client.provider_status(), ProviderStatus::ready);
}

}  // namespace
}  // namespace lockstep::providers
