// What the oracles' tests share: a world with a client, and the steps of which histories are made.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "scenarios/oracles/heard.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr const char* kOne = "01941f29-7c00-7000-8000-000000000001";
inline constexpr const char* kTwo = "01941f29-7c00-7000-8000-000000000002";

// A world with one client, whose limits are small.
struct Stand {
  Stand() : world(settings(), 1) {
    const auto failure = world.init("main",
                                    R"({"api_key":"k","host":"http://ingest.test","max_retries":1,)"
                                    R"("max_batch_size":2,"retry_initial_backoff_ms":1000,)"
                                    R"("retry_jitter_percent":0})",
                                    {});
    EXPECT_FALSE(failure) << failure->seen;
  }
  static Settings settings() {
    Settings made;
    made.oracles = false;
    return made;
  }
  World world;
};

inline CapturedEvent captured(const std::string& uuid, std::uint64_t order) {
  CapturedEvent event;
  event.order = order;
  event.client = "main";
  event.uuid = *Uuid::parse(uuid);
  event.accepted = true;
  return event;
}

inline void set_body(Seen& seen, const json& body) {
  seen.decoded = body.dump();
  seen.parts.clear();
  for (const json& event : body["batch"]) {
    seen.parts.push_back({*Uuid::parse(uuid_of(event)), digest_bytes(kDigestStart, event.dump())});
  }
}

// A request of the client with these events, at that time, answered so.
inline Seen request(const std::vector<std::string>& uuids, Duration at, int status = 200) {
  Seen seen;
  seen.at = Instant{at};
  seen.client = "main";
  seen.request.method = "POST";
  seen.request.url.path = "/batch/";
  seen.reply.response.status = status;
  json batch = json::array();
  for (const std::string& uuid : uuids) batch.push_back({{"event", "e"}, {"uuid", uuid}});
  set_body(seen, {{"batch", batch}});
  return seen;
}

inline Outcome delivered(const std::string& uuid) {
  Outcome outcome;
  outcome.uuid = *Uuid::parse(uuid);
  outcome.delivered = true;
  outcome.attempts = 1;
  return outcome;
}

inline SentRequest sent(const std::string& number, Duration at) {
  return {"main", number, Lane::analytics, Instant{at}};
}

inline EndedRequest no_answer(const std::string& number, Duration at) {
  EndedRequest ended;
  ended.client = "main";
  ended.number = number;
  ended.at = Instant{at};
  return ended;
}

// The end of a request that arrived as `seen`, 1 ms after the server answered.
inline EndedRequest answer_to(const Seen& seen, const World& world,
                              const std::string& number = "1") {
  EndedRequest ended = no_answer(number, {});
  ended.at = saturating_add(seen.at, milliseconds{1});
  ended.status = seen.reply.fault == http::Fault::none ? seen.reply.response.status : 0;
  ended.seen = &seen;
  ended.words = words_of(ended, world);
  return ended;
}

inline Outcome dropped(DropReason reason, const std::string& uuid = kOne,
                       std::uint32_t attempts = 1) {
  Outcome outcome = delivered(uuid);
  outcome.delivered = false;
  outcome.reason = reason;
  outcome.attempts = attempts;
  return outcome;
}

// A v1 answer about the first event.
inline std::string result_of_one(const std::string& result) {
  return R"({"results":{")" + std::string(kOne) + R"(":{"result":")" + result + R"("}}})";
}

}  // namespace lockstep::scenario
