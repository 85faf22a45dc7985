// What an event looks like on the wire.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/sdk/protocol_bench.h"

namespace lockstep {
namespace {

using nlohmann::json;

std::unique_ptr<Protocol> v0(const Options& options = protocol_options()) {
  return make_posthog_v0(protocol_config(options));
}
std::unique_ptr<Protocol> v1(const Options& options = protocol_options()) {
  return make_posthog_v1(protocol_config(options));
}
std::unique_ptr<Protocol> ai(const Options& options = protocol_options()) {
  return make_posthog_ai(protocol_config(options));
}
std::unique_ptr<Protocol> client(const Options& options = protocol_options()) {
  return make_posthog_client(protocol_config(options));
}

Event order() {
  Event event;
  event.name = "order placed";
  event.distinct_id = "user-1";
  event.uuid = nth_uuid(3);
  event.timestamp = kMidnight + std::chrono::milliseconds{250};
  event.properties = {{"total", 42.5}, {"currency", "EUR"}, {"items", 3}, {"gift", true}};
  return event;
}

TEST(ProtocolRender, V0IsTheWholeEventAndNothingElse) {
  const json expected = {{"uuid", nth_uuid(3).to_string()},
                         {"event", "order placed"},
                         {"distinct_id", "user-1"},
                         {"timestamp", "2025-01-01T00:00:00.250Z"},
                         {"properties",
                          {{"total", 42.5},
                           {"currency", "EUR"},
                           {"items", 3},
                           {"gift", true},
                           {"$lib", "lockstep-cpp"},
                           {"$lib_version", "0.1.0"},
                           {"$is_server", true}}}};
  EXPECT_EQ(rendered(*v0(), order()), expected);
  EXPECT_EQ(rendered(*ai(), order()), expected);
}

TEST(ProtocolRender, V1HasAnOptionsObjectBesideTheProperties) {
  json expected = rendered(*v0(), order());
  expected["options"] = json::object();
  EXPECT_EQ(rendered(*v1(), order()), expected);
}

TEST(ProtocolRender, ClientNamesTheProjectAndThePersonInEachEvent) {
  json expected = rendered(*v0(), order());
  expected["properties"]["distinct_id"] = "user-1";
  expected.erase("distinct_id");
  expected["token"] = kKey;
  EXPECT_EQ(rendered(*client(), order()), expected);
}

TEST(ProtocolRender, ClientLetsNoPropertyContradictThePerson) {
  Options options = protocol_options();
  options.super_properties = {{"distinct_id", "nobody"}, {"plan", "free"}};
  Event event = order();
  event.properties = {{"distinct_id", "somebody"}, {"token", "of a machine"}};
  const json got = rendered(*client(options), event);
  EXPECT_EQ(got["properties"]["distinct_id"], "user-1");
  EXPECT_EQ(got["properties"]["plan"], "free");
  EXPECT_EQ(got["properties"]["token"], "of a machine") << "the project's stands beside the event";
  EXPECT_EQ(got["token"], kKey);
  EXPECT_EQ(rendered(*client(options), order())["properties"]["distinct_id"], "user-1");
}

TEST(ProtocolRender, EveryKindOfValueKeepsItsValue) {
  const std::vector<Property> properties{
      {"null", nullptr},
      {"no", false},
      {"least", std::numeric_limits<std::int64_t>::min()},
      {"most", std::numeric_limits<std::uint64_t>::max()},
      {"small", 5e-324},
      {"large", std::numeric_limits<double>::max()},
      {"third", 1.0 / 3},
      {"text", "plain"},
      {"empty", std::string_view{}},
      {"json", Json{R"({"a":[1,2,{"b":null}]})"}},
  };
  const json got = rendered(*v0(), properties)["properties"];
  EXPECT_EQ(got["null"], nullptr);
  EXPECT_EQ(got["no"], false);
  EXPECT_EQ(got["least"], std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(got["most"], std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(got["small"], 5e-324);
  EXPECT_EQ(got["large"], std::numeric_limits<double>::max());
  EXPECT_EQ(got["third"], 1.0 / 3);
  EXPECT_EQ(got["text"], "plain");
  EXPECT_EQ(got["empty"], "");
  EXPECT_EQ(got["json"], json::parse(R"({"a":[1,2,{"b":null}]})"));
}

TEST(ProtocolRender, NumbersThatJsonLacksBecomeNull) {
  const std::vector<Property> properties{{"nan", std::nan("")},
                                         {"inf", std::numeric_limits<double>::infinity()},
                                         {"neg", -std::numeric_limits<double>::infinity()}};
  const json got = rendered(*v1(), properties)["properties"];
  EXPECT_TRUE(got["nan"].is_null() && got["inf"].is_null() && got["neg"].is_null());
}

TEST(ProtocolRender, NamesAndTextsAreEscapedEverywhere) {
  Event event = order();
  const std::string nasty = "\"\\/\b\f\n\r\t\x01\x1f \x7f ä 語 😀";
  event.name = nasty;
  event.distinct_id = nasty;
  event.properties = {{nasty, nasty}};
  event.options.product_tour_id = nasty;
  for (const auto& protocol : {v0(), v1(), ai(), client()}) {
    const json got = rendered(*protocol, event);
    EXPECT_EQ(got["event"], nasty);
    EXPECT_EQ(got.contains("distinct_id") ? got["distinct_id"] : got["properties"]["distinct_id"],
              nasty);
    EXPECT_EQ(got["properties"][nasty], nasty);
  }
  EXPECT_EQ(rendered(*v1(), event)["options"]["product_tour_id"], nasty);
}

TEST(ProtocolRender, BytesThatAreNotUtf8AreReplaced) {
  Event event = order();
  event.name =
      "a\xFF"
      "b\xC3";
  event.properties = {{"k\x80", "\xED\xA0\x80"}};
  const json got = rendered(*v0(), event);
  EXPECT_EQ(got["event"], "a\uFFFDb\uFFFD");
  EXPECT_EQ(got["properties"]["k\uFFFD"], "\uFFFD\uFFFD\uFFFD") << "a surrogate is no UTF-8";
}

TEST(ProtocolRender, TheLastOfTwoPropertiesOfOneNameWins) {
  const std::vector<Property> properties{
      {"a", 1}, {"b", 2}, {"a", 3}, {"$lib", "x"}, {"$lib", "y"}};
  for (const auto& protocol : {v0(), v1(), client()}) {
    const json got = rendered(*protocol, properties)["properties"];
    EXPECT_EQ(got["a"], 3);
    EXPECT_EQ(got["b"], 2);
    EXPECT_EQ(got["$lib"], "y");
  }
}

TEST(ProtocolRender, AnEventsOwnPropertiesWinOverTheAddedOnes) {
  Options options = protocol_options();
  options.super_properties = {{"tenant", "acme"}, {"plan", "free"}, {"$lib_version", "9"}};
  options.disable_geoip = true;
  Event event = order();
  event.properties = {{"$lib", "theirs"}, {"plan", "pro"}};
  const json got = rendered(*v1(options), event)["properties"];
  EXPECT_EQ(got, (json{{"$lib", "theirs"},
                       {"plan", "pro"},
                       {"tenant", "acme"},
                       {"$lib_version", "9"},
                       {"$is_server", true},
                       {"$geoip_disable", true}}));
}

TEST(ProtocolRender, AddedPropertiesFollowTheOptions) {
  Options options = protocol_options();
  options.is_server = false;
  const json got = rendered(*v0(options), order())["properties"];
  EXPECT_FALSE(got.contains("$is_server"));
  EXPECT_FALSE(got.contains("$geoip_disable"));
}

// --- per-event options
// ----------------------------------------------------------------------------

Event with_options() {
  Event event = order();
  event.properties = {};
  event.options = {true, false, true, "tour"};
  return event;
}

TEST(ProtocolRender, OptionsAreAnObjectInV1) {
  const json got = rendered(*v1(), with_options());
  EXPECT_EQ(got["options"], (json{{"cookieless_mode", true},
                                  {"disable_skew_correction", false},
                                  {"process_person_profile", true},
                                  {"product_tour_id", "tour"}}));
  EXPECT_FALSE(got["properties"].contains("$cookieless_mode"));
}

TEST(ProtocolRender, OptionsAreDollarPropertiesInV0AndClient) {
  for (const auto& protocol : {v0(), client()}) {
    const json got = rendered(*protocol, with_options());
    EXPECT_FALSE(got.contains("options"));
    EXPECT_EQ(got["properties"]["$cookieless_mode"], true);
    EXPECT_EQ(got["properties"]["$ignore_sent_at"], false);
    EXPECT_EQ(got["properties"]["$process_person_profile"], true);
    EXPECT_EQ(got["properties"]["$product_tour_id"], "tour");
  }
}

TEST(ProtocolRender, DollarPropertiesAreLiftedIntoOptionsInV1) {
  Event event = order();
  event.properties = {{"$process_person_profile", false},
                      {"$ignore_sent_at", true},
                      {"$product_tour_id", "t"},
                      {"$cookieless_mode", true},
                      {"$set", Json{"{}"}}};
  const json got = rendered(*v1(), event);
  EXPECT_EQ(got["options"], (json{{"process_person_profile", false},
                                  {"disable_skew_correction", true},
                                  {"product_tour_id", "t"},
                                  {"cookieless_mode", true}}));
  EXPECT_TRUE(got["properties"].contains("$set"));
  EXPECT_FALSE(got["properties"].contains("$process_person_profile"));
}

TEST(ProtocolRender, TheLastOfTwoLiftedPropertiesWins) {
  const std::vector<Property> properties{{"$cookieless_mode", true}, {"$cookieless_mode", false}};
  EXPECT_EQ(rendered(*v1(), properties)["options"], (json{{"cookieless_mode", false}}));
}

TEST(ProtocolRender, AnOptionWinsOverItsPropertyInV1AndThePropertyInV0) {
  Event event = order();
  event.properties = {{"$process_person_profile", false}};
  event.options.process_person_profile = true;
  EXPECT_EQ(rendered(*v1(), event)["options"], (json{{"process_person_profile", true}}));
  EXPECT_EQ(rendered(*v0(), event)["properties"]["$process_person_profile"], false);
}

TEST(ProtocolRender, SuperPropertiesThatAreOptionsGiveWayToTheEvents) {
  Options options = protocol_options();
  options.super_properties = {{"$process_person_profile", false}, {"$cookieless_mode", true}};
  Event event = order();
  event.options.process_person_profile = true;

  for (const auto& protocol : {v0(options), client(options)}) {
    const json old = rendered(*protocol, event)["properties"];
    EXPECT_EQ(old["$process_person_profile"], true);
    EXPECT_EQ(old["$cookieless_mode"], true);
  }

  const json got = rendered(*v1(options), event);
  EXPECT_EQ(got["options"], (json{{"process_person_profile", true}, {"cookieless_mode", true}}));
  EXPECT_FALSE(got["properties"].contains("$process_person_profile"));
  EXPECT_FALSE(got["properties"].contains("$cookieless_mode"));
}

TEST(ProtocolRender, ADeepValueIsRenderedWithoutRecursion) {
  const std::size_t depth = 200'000;
  const std::string deep = std::string(depth, '[') + std::string(depth, ']');
  Properties properties;
  ASSERT_TRUE(properties.set("deep", Json{deep}));
  JsonWriter out;
  v1()->render({"e", "u", nth_uuid(0), kMidnight, properties, nullptr}, out);
  EXPECT_NE(out.text().find(deep), std::string_view::npos);
}

}  // namespace
}  // namespace lockstep
