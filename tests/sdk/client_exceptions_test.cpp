// Exceptions as events: what is said of the one that was caught, and of those it wraps.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>

#include "sdk/exception.h"
#include "sdk/json.h"
#include "tests/sdk/client_bench.h"

namespace shop {

struct CheckoutError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace shop

namespace lockstep {
namespace {

using nlohmann::json;

// What `action` throws.
template <typename Action>
std::exception_ptr caught(Action action) {
  try {
    action();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

// Throws `depth` exceptions, each of which wraps the next.
void throw_nested(int depth) {
  try {
    if (depth > 1) throw_nested(depth - 1);
  } catch (...) {
    std::throw_with_nested(std::runtime_error("level " + std::to_string(depth)));
  }
  throw std::runtime_error("level " + std::to_string(depth));
}

json list_of(const Event& event) { return json_of(event.properties, "$exception_list"); }

TEST(Exceptions, OneIsListedWithItsTypeAndItsMessage) {
  const Event event = exception_event(shop::CheckoutError("no stock"));
  EXPECT_EQ(event.name, "$exception");
  EXPECT_EQ(list_of(event), json::parse(R"([
      {"type": "shop::CheckoutError", "value": "no stock", "mechanism":
          {"type": "generic", "handled": true, "synthetic": false, "exception_id": 0}}])"));
  EXPECT_EQ(json_of(event.properties, "$exception_type"), "shop::CheckoutError");
  EXPECT_EQ(json_of(event.properties, "$exception_message"), "no stock");
  EXPECT_EQ(json_of(event.properties, "$exception_level"), "error");
  EXPECT_EQ(event.properties.size(), 4u);
}

TEST(Exceptions, TheTypeIsTheOneThatWasThrownWhateverItIsCaughtAs) {
  const std::system_error error(std::make_error_code(std::errc::timed_out), "connect");
  const std::exception& base = error;
  EXPECT_EQ(list_of(exception_event(base))[0]["type"], "std::system_error");
  EXPECT_EQ(list_of(exception_event(std::make_exception_ptr(error))),
            list_of(exception_event(base)));
}

TEST(Exceptions, WhatIsCaughtComesFirstAndTheRootCauseLast) {
  const auto error = caught([] {
    try {
      try {
        throw std::out_of_range("row 7");
      } catch (...) {
        std::throw_with_nested(std::invalid_argument("query"));
      }
    } catch (...) {
      std::throw_with_nested(shop::CheckoutError("no stock"));
    }
  });
  EXPECT_EQ(list_of(exception_event(error)), json::parse(R"([
      {"type": "shop::CheckoutError", "value": "no stock",
       "mechanism": {"type": "generic", "handled": true, "synthetic": false, "exception_id": 0}},
      {"type": "std::invalid_argument", "value": "query",
       "mechanism": {"type": "chained", "source": "cause", "synthetic": false, "exception_id": 1,
                     "parent_id": 0}},
      {"type": "std::out_of_range", "value": "row 7",
       "mechanism": {"type": "chained", "source": "cause", "synthetic": false, "exception_id": 2,
                     "parent_id": 1}}])"));
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& same) {
    EXPECT_EQ(list_of(exception_event(same)), list_of(exception_event(error)));
  }
}

TEST(Exceptions, AtMostFiftyAreListed) {
  const json exact = list_of(exception_event(caught([] { throw_nested(50); })));
  ASSERT_EQ(exact.size(), 50u);
  EXPECT_EQ(exact[49]["value"], "level 1");
  const json cut = list_of(exception_event(caught([] { throw_nested(60); })));
  ASSERT_EQ(cut.size(), 50u);
  EXPECT_EQ(cut[0]["value"], "level 60");
  EXPECT_EQ(cut[49]["value"], "level 11");
}

TEST(Exceptions, WhatIsNoExceptionIsToldAsFarAsItCanBe) {
  struct Odd {};
  struct Wrapper : std::nested_exception {};
  const auto first = [](const std::exception_ptr& error) {
    return list_of(exception_event(error)).at(0);
  };
  const json text = first(caught([] { throw std::string("out of coffee"); }));
  EXPECT_EQ(text["value"], "out of coffee");
  EXPECT_EQ(text["mechanism"]["synthetic"], true);
  EXPECT_EQ(first(caught([] { throw "a literal"; }))["value"], "a literal");
  EXPECT_EQ(first(caught([] { throw static_cast<const char*>(nullptr); }))["value"], "");
  const json number = first(caught([] { throw 42; }));
  EXPECT_EQ(number["type"], "int");
  EXPECT_EQ(number["value"], "");
  EXPECT_NE(first(caught([] { throw Odd(); }))["type"].get<std::string>().find("Odd"),
            std::string::npos);

  const json wrapped = list_of(exception_event(caught([] {
    try {
      throw 42;
    } catch (...) {
      throw Wrapper();
    }
  })));
  ASSERT_EQ(wrapped.size(), 2u);
  EXPECT_EQ(wrapped[0]["mechanism"]["synthetic"], true);
  EXPECT_EQ(wrapped[1]["type"], "int");
  EXPECT_EQ(wrapped[1]["mechanism"]["parent_id"], 0);
}

TEST(Exceptions, OptionsSayWhatTheCodeKnows) {
  ExceptionOptions options;
  options.properties = {{"area", "checkout"}, {"attempt", 3}};
  options.level = ExceptionLevel::fatal;
  options.handled = false;
  options.fingerprint = "stock";
  const Event event = exception_event(shop::CheckoutError("no stock"), options);
  EXPECT_EQ(json_of(event.properties, "area"), "checkout");
  EXPECT_EQ(json_of(event.properties, "attempt"), 3);
  EXPECT_EQ(json_of(event.properties, "$exception_level"), "fatal");
  EXPECT_EQ(json_of(event.properties, "$exception_fingerprint"), "stock");
  EXPECT_EQ(list_of(event)[0]["mechanism"]["handled"], false);
}

TEST(Exceptions, PropertiesCannotContradictTheException) {
  ExceptionOptions options;
  options.properties = {{"$exception_list", Json{"[]"}},
                        {"$exception_level", "debug"},
                        {"$exception_source", "somebody.else"},
                        {"$debug_images", Json{"[]"}},
                        {"$exceptional", true}};
  const Event event = exception_event(shop::CheckoutError("no stock"), options);
  EXPECT_EQ(list_of(event).size(), 1u);
  EXPECT_EQ(json_of(event.properties, "$exception_level"), "error");
  EXPECT_FALSE(event.properties.has("$exception_source"));
  EXPECT_FALSE(event.properties.has("$debug_images"));
  EXPECT_TRUE(event.properties.has("$exceptional"));
}

TEST(Exceptions, LevelsHaveTheServersNames) {
  EXPECT_EQ(to_string(ExceptionLevel::fatal), "fatal");
  EXPECT_EQ(to_string(ExceptionLevel::error), "error");
  EXPECT_EQ(to_string(ExceptionLevel::warning), "warning");
  EXPECT_EQ(to_string(ExceptionLevel::log), "log");
  EXPECT_EQ(to_string(ExceptionLevel::info), "info");
  EXPECT_EQ(to_string(ExceptionLevel::debug), "debug");
}

// --- through a client
// -----------------------------------------------------------------------------

TEST(ClientExceptions, OneIsDeliveredAsAnEventOfThePerson) {
  ClientBench bench;
  const CaptureResult result =
      bench.client->capture_exception("user-1", shop::CheckoutError("no stock"));
  EXPECT_TRUE(result.ok());
  EXPECT_TRUE(bench.client->flush().ok());
  const json event = bench.server.body(0)["batch"][0];
  EXPECT_EQ(event["uuid"], result.uuid.to_string());
  EXPECT_EQ(event["event"], "$exception");
  EXPECT_EQ(event["distinct_id"], "user-1");
  EXPECT_EQ(event["properties"]["$exception_list"][0]["value"], "no stock");
  EXPECT_EQ(event["properties"]["$lib"], "lockstep-cpp");
  EXPECT_FALSE(event["properties"].contains("$process_person_profile"));
}

TEST(ClientExceptions, NobodysMakesNoPersonProfile) {
  ClientBench bench;
  const CaptureResult one = bench.client->capture_exception("", shop::CheckoutError("no stock"));
  const CaptureResult other = bench.client->capture_exception("", shop::CheckoutError("no stock"));
  EXPECT_TRUE(one.ok() && other.ok());
  EXPECT_TRUE(bench.client->flush().ok());
  const json batch = bench.server.body(0)["batch"];
  EXPECT_EQ(batch[0]["distinct_id"], one.uuid.to_string());
  EXPECT_EQ(batch[1]["distinct_id"], other.uuid.to_string());
  EXPECT_NE(one.uuid, other.uuid);
  EXPECT_EQ(batch[0]["properties"]["$process_person_profile"], false);
}

TEST(ClientExceptions, NothingCaughtIsNothingToCapture) {
  ClientBench bench;
  for (const char* person : {"user-1", ""}) {
    EXPECT_EQ(bench.client->capture_exception(person, std::exception_ptr()).admission,
              Admission::invalid);
  }
  EXPECT_EQ(bench.client->stats().refused, 2u);
  EXPECT_EQ(bench.client->stats().total().captured, 0u);
}

TEST(ClientExceptions, TheyPassTheHooksAndTheConsentOfEveryEvent) {
  ClientBench bench([](Options& options) {
    options.before_send = {
        [](Event& event) { return event.properties.json("$exception_message") != R"("private")"; }};
  });
  EXPECT_EQ(bench.client->capture_exception("u", std::runtime_error("private")).reason,
            DropReason::hook);
  EXPECT_TRUE(bench.client->capture_exception("u", std::runtime_error("public")).ok());
  bench.client->opt_out();
  EXPECT_EQ(bench.client->capture_exception("u", std::runtime_error("public")).admission,
            Admission::disabled);
  static_cast<void>(bench.client->shutdown());
  bench.client->opt_in();
  EXPECT_EQ(bench.client->capture_exception("u", std::runtime_error("public")).admission,
            Admission::closed);
}

}  // namespace
}  // namespace lockstep
