// Bad configuration is refused with a message that names the option.
#include "sdk/options.h"

#include <gtest/gtest.h>

#include "sdk/engine/config.h"

namespace lockstep {
namespace {

using std::chrono::seconds;

Options good() {
  Options options;
  options.api_key = "phc_key";
  return options;
}

// The option that validate() complains about; empty where it does not.
template <typename Change>
std::string complaint(Change&& change) {
  Options options = good();
  change(options);
  try {
    options.validate();
  } catch (const ConfigError& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(error.option() + ": ")) << error.what();
    EXPECT_EQ(std::string(error.what()).find("phc_"), std::string::npos) << "no secret in it";
    return error.option();
  }
  return "";
}

TEST(OptionsTest, TheDefaultsNeedOnlyAKey) {
  EXPECT_EQ(complaint([](Options&) {}), "");
  EXPECT_EQ(complaint([](Options& o) { o.api_key.clear(); }), "api_key");
  EXPECT_EQ(complaint([](Options& o) { o.api_key.clear(), o.disabled = true; }), "");
}

TEST(OptionsTest, TheKeyMustBeFitForAHeader) {
  for (const char* key : {"phc_a b", "phc_a\n", " phc_a", "phc_\xC3\xA4", "phc_a\x7f"}) {
    EXPECT_EQ(complaint([&](Options& o) { o.api_key = key; }), "api_key") << key;
  }
  EXPECT_EQ(complaint([](Options& o) { o.api_key = std::string(200, 'k'); }), "");
  EXPECT_EQ(complaint([](Options& o) { o.api_key = std::string(201, 'k'); }), "api_key");
}

TEST(OptionsTest, TheHostMustBeAnOrigin) {
  for (const char* host : {"", "eu.posthog.com", "ftp://a", "http://", "https://a b", "http://a:0",
                           "http://a:99999", "https://a?x=1", "https://user@a", "https://a#b"}) {
    EXPECT_EQ(complaint([&](Options& o) { o.host = host; }), "host") << host;
  }
  for (const char* host :
       {"http://localhost:8000", "https://a.example/prefix/", "http://[::1]:1"}) {
    EXPECT_EQ(complaint([&](Options& o) { o.host = host; }), "") << host;
  }
}

TEST(OptionsTest, HeadersCannotBreakTheRequest) {
  using Header = std::pair<std::string, std::string>;
  for (const Header& header :
       {Header{"", "v"}, Header{"a b", "v"}, Header{"a:", "v"}, Header{"a\n", "v"},
        Header{"a", "v\r\nInjected: x"}, Header{"a", "v\n"}, Header{"a", std::string("v\0", 2)}}) {
    EXPECT_EQ(complaint([&](Options& o) { o.headers = {header}; }), "headers") << header.first;
  }
  EXPECT_EQ(complaint([](Options& o) { o.headers = {{"X-A", "any value, ä"}, {"X-B", ""}}; }), "");
}

TEST(OptionsTest, EachLimitIsNamed) {
  using Limit = std::pair<std::size_t Options::*, const char*>;
  for (const auto& [limit, name] :
       {Limit{&Options::flush_at, "flush_at"}, Limit{&Options::max_batch_size, "max_batch_size"},
        Limit{&Options::max_queue_size, "max_queue_size"},
        Limit{&Options::max_in_flight, "max_in_flight"},
        Limit{&Options::max_event_bytes, "max_event_bytes"},
        Limit{&Options::max_ai_event_bytes, "max_ai_event_bytes"},
        Limit{&Options::max_batch_bytes, "max_batch_bytes"},
        Limit{&Options::max_queue_bytes, "max_queue_bytes"},
        Limit{&Options::max_response_bytes, "max_response_bytes"}}) {
    EXPECT_EQ(complaint([field = limit](Options& o) { o.*field = 0; }), name);
  }
}

TEST(OptionsTest, ABatchAndAQueueHoldTheLargestEvent) {
  const std::size_t most = Options{}.max_ai_event_bytes;
  EXPECT_EQ(complaint([&](Options& o) { o.max_batch_bytes = most + 513; }), "");
  EXPECT_EQ(complaint([&](Options& o) { o.max_batch_bytes = most + 512; }), "max_batch_bytes");
  EXPECT_EQ(complaint([&](Options& o) { o.max_queue_bytes = most; }), "");
  EXPECT_EQ(complaint([&](Options& o) { o.max_queue_bytes = most - 1; }), "max_queue_bytes");
  const auto huge = [](std::size_t Options::*limit) {
    return [limit](Options& o) {
      o.*limit = (std::size_t{1} << 30) + 1;
      o.max_batch_bytes = o.max_queue_bytes = std::size_t{1} << 40;
    };
  };
  EXPECT_EQ(complaint(huge(&Options::max_event_bytes)), "max_event_bytes");
  EXPECT_EQ(complaint(huge(&Options::max_ai_event_bytes)), "max_ai_event_bytes");
}

TEST(OptionsTest, AClientSendsNoMoreThanItsEndpointTakes) {
  Options options = good();
  options.capture = Capture::client;
  engine::Config config = engine::config_from(options, 1);
  EXPECT_EQ(config.lanes[0].max_batch_bytes, 2u << 20);
  EXPECT_EQ(config.lanes[1].max_batch_bytes, 2u << 20);
  EXPECT_EQ(config.lanes[2].max_batch_bytes, options.max_batch_bytes) << "another endpoint";
  options.max_batch_bytes = 1 << 20;
  EXPECT_EQ(engine::config_from(options, 1).lanes[0].max_batch_bytes, 1u << 20);

  const auto client_with = [](std::size_t bytes) {
    return [bytes](Options& o) {
      o.capture = Capture::client;
      o.max_event_bytes = bytes;
    };
  };
  EXPECT_EQ(complaint(client_with((2 << 20) - 513)), "");
  EXPECT_EQ(complaint(client_with((2 << 20) - 512)), "max_event_bytes");
}

TEST(OptionsTest, EachTimeIsNamed) {
  using Time = std::pair<Duration Options::*, const char*>;
  for (const auto& [time, name] : {Time{&Options::flush_interval, "flush_interval"},
                                   Time{&Options::retry_initial_backoff, "retry_initial_backoff"},
                                   Time{&Options::request_timeout, "request_timeout"},
                                   Time{&Options::connect_timeout, "connect_timeout"},
                                   Time{&Options::flags_timeout, "flags_timeout"}}) {
    EXPECT_EQ(complaint([field = time](Options& o) { o.*field = seconds{0}; }), name);
    EXPECT_EQ(complaint([field = time](Options& o) { o.*field = seconds{-1}; }), name);
  }
  for (const auto& [time, name] :
       {Time{&Options::max_block, "max_block"}, Time{&Options::max_retry_after, "max_retry_after"},
        Time{&Options::shutdown_timeout, "shutdown_timeout"},
        Time{&Options::flags_retry_backoff, "flags_retry_backoff"}}) {
    EXPECT_EQ(complaint([field = time](Options& o) { o.*field = seconds{-1}; }), name);
    EXPECT_EQ(complaint([field = time](Options& o) { o.*field = seconds{0}; }), "") << name;
  }
  EXPECT_EQ(complaint([](Options& o) { o.retry_max_backoff = o.retry_initial_backoff; }), "");
  EXPECT_EQ(complaint([](Options& o) { o.retry_max_backoff = o.retry_initial_backoff / 2; }),
            "retry_max_backoff");
}

TEST(OptionsTest, TheRestIsNamedToo) {
  EXPECT_EQ(complaint([](Options& o) { o.retry_jitter_percent = 101; }), "retry_jitter_percent");
  EXPECT_EQ(complaint([](Options& o) { o.retry_jitter_percent = 100; }), "");
  EXPECT_EQ(complaint([](Options& o) { o.before_send = {nullptr}; }), "before_send");
}

TEST(OptionsTest, NamesReadBack) {
  for (const Capture capture :
       {Capture::v0, Capture::v1, Capture::client, Capture::segment, Capture::confidence}) {
    EXPECT_EQ(parse_capture(to_string(capture)), capture);
  }
  for (const QueueFullPolicy policy :
       {QueueFullPolicy::drop_newest, QueueFullPolicy::drop_oldest, QueueFullPolicy::block}) {
    EXPECT_EQ(parse_queue_full_policy(to_string(policy)), policy);
  }
  EXPECT_EQ(parse_capture("v2"), std::nullopt);
  EXPECT_EQ(parse_queue_full_policy(""), std::nullopt);
}

TEST(OptionsTest, EveryLimitReachesTheEngine) {
  Options options = good();
  options.flush_at = 11;
  options.flush_interval = seconds{12};
  options.max_batch_size = 13;
  options.max_in_flight = 14;
  options.max_retries = 15;
  options.retry_jitter_percent = 16;
  options.max_queue_size = 17;
  options.queue_full = QueueFullPolicy::block;
  options.request_timeout = seconds{18};
  options.max_retry_after = seconds{19};
  const engine::Config config = engine::config_from(options, 20);
  for (const engine::LaneConfig& lane : config.lanes) {
    EXPECT_EQ(lane.flush_at, 11u);
    EXPECT_EQ(lane.flush_interval, seconds{12});
    EXPECT_EQ(lane.max_batch_size, 13u);
    EXPECT_EQ(lane.max_queue_size, 17u);
    EXPECT_EQ(lane.max_batch_bytes, options.max_batch_bytes);
    EXPECT_EQ(lane.max_queue_bytes, options.max_queue_bytes);
  }
  EXPECT_EQ(config.lanes[0].endpoint, config.lanes[1].endpoint);
  EXPECT_NE(config.lanes[0].endpoint, config.lanes[2].endpoint);
  EXPECT_EQ(config.lanes[0].max_event_bytes, options.max_event_bytes);
  EXPECT_EQ(config.lanes[2].max_event_bytes, options.max_ai_event_bytes);
  EXPECT_EQ(config.max_in_flight, 14u);
  EXPECT_EQ(config.max_retries, 15u);
  EXPECT_EQ(config.retry_jitter_percent, 16u);
  EXPECT_EQ(config.queue_full, QueueFullPolicy::block);
  EXPECT_EQ(config.request_timeout, seconds{18});
  EXPECT_EQ(config.max_retry_after, seconds{19});
  EXPECT_EQ(config.retry_initial_backoff, options.retry_initial_backoff);
  EXPECT_EQ(config.retry_max_backoff, options.retry_max_backoff);
  EXPECT_EQ(config.cause, 20u);
}

}  // namespace
}  // namespace lockstep
