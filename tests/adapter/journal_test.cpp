// The adapter's word against the server's: after a run with everything in it, what /state says must
// follow from what the mock wrote down and from what /capture answered, number by number.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "tests/adapter/bench.h"

namespace lockstep::adapter {
namespace {

constexpr int kMaxRetries = 2;
constexpr int kQueue = 20;

// What capture() said, event by event.
struct Captured {
  std::set<std::string> accepted;
  std::map<std::string, std::uint64_t> dropped_by_reason;
};

class AdapterStateEqualsTheMocksJournal : public testing::TestWithParam<Capture> {
 protected:
  AdapterStateEqualsTheMocksJournal()
      : bench_([](AdapterOptions& options) {
          options.capture = GetParam();
          options.customise = [](Options& each) {
            each.before_send.push_back([](Event& event) { return event.name != "unwanted"; });
          };
        }) {}

  void capture(int count, const std::string& name = "wanted",
               const std::string& endpoint = "/capture") {
    for (int i = 0; i < count; ++i) {
      const Json answer = bench_.post(endpoint, {{"distinct_id", "user"}, {"event", name}}).body;
      if (answer["success"] == true) {
        captured_.accepted.insert(answer["uuid"]);
      } else {
        ++captured_.dropped_by_reason[answer["reason"]];
      }
    }
  }

  Json capture_and_flush(int count, const std::string& endpoint = "/capture") {
    capture(count, "wanted", endpoint);
    Json report = bench_.post("/flush").body;
    flushed_ += report["events_flushed"].get<std::uint64_t>();
    return report;
  }

  // What the mock saw of events. Flags have an answer of their own, and no place in /state.
  std::vector<mock::JournalEntry> journal() const {
    std::vector<mock::JournalEntry> entries = bench_.server.journal();
    std::erase_if(entries, [](const auto& entry) { return entry.route == mock::Route::flags; });
    return entries;
  }

  // A flag that the server fails to answer.
  void ask_a_flag() {
    bench_.answers({{{"status", 500}}});
    const Json answer =
        bench_.post("/get_feature_flag", {{"key", "beta"}, {"distinct_id", "user"}}).body;
    ASSERT_EQ(answer["error"], "status 500") << answer;
    ++flags_asked_;
  }

  // Deliveries, retries, a lost answer, rejections, a partial answer, exhausted attempts, hooks,
  // the AI lane, a full queue, and events that are still pending in the end.
  void run() {
    bench_.init("", {{"flush_at", 5},
                     {"max_batch_size", 5},
                     {"max_queue_size", kQueue},
                     {"max_in_flight", 1},
                     {"max_retries", kMaxRetries}});
    bench_.answers({{{"status", 200}},
                    {{"status", 503}},
                    {{"status", 200}},
                    {{"status", 200}, {"fault", "reset_after"}},
                    {{"status", 200}},
                    {{"status", 400}},
                    {{"status", 503}, {"repeat", kMaxRetries + 1}}});
    for (int i = 0; i < 5; ++i) capture_and_flush(5);
    ask_a_flag();
    if (GetParam() == Capture::v1) {
      bench_.answers({{{"v1_event_results", {"ok", "retry", "drop", "limited", "retry"}}},
                      {{"v1_event_results", {"drop", "ok"}}}});
    }
    capture_and_flush(5);
    capture_and_flush(2, "/capture_ai");
    capture(3, "unwanted");
    capture_and_flush(kQueue + 7);
    bench_.answers({{{"status", 503}, {"headers", {{"Retry-After", "3000"}}}}});
    capture(3);
    bench_.post("/flush?timeout_ms=1000");
  }

  // What the client heard of a request.
  static int heard(const mock::JournalEntry& entry) {
    return entry.fault == http::Fault::none ? entry.status : 0;
  }

  // "delivered", "retry", or the reason of the drop: what that request meant for that event.
  static std::string verdict(const mock::JournalEntry& entry, const std::string& uuid) {
    const int status = heard(entry);
    if (status == 0 || status == 503) return "retry";
    if (status == 400) return "rejected";
    if (entry.route != mock::Route::v1) return "delivered";
    const Json result = Json::parse(entry.response_body)["results"][uuid]["result"];
    if (result == "drop") return "rejected";
    return result == "retry" ? "retry" : "delivered";
  }

  // The end of each accepted event by the journal; "pending" where it has none yet.
  std::map<std::string, std::string> ends() const {
    std::map<std::string, std::string> last;
    std::map<std::string, int> attempts;
    for (const std::string& uuid : captured_.accepted) last[uuid] = "pending";
    for (const mock::JournalEntry& entry : journal()) {
      for (const std::string& uuid : entry.uuids) {
        const std::string found = verdict(entry, uuid);
        const bool exhausted = ++attempts[uuid] > kMaxRetries;
        last[uuid] = found != "retry" ? found : exhausted ? "attempts_exhausted" : "pending";
      }
    }
    return last;
  }

  Bench bench_;
  Captured captured_;
  std::uint64_t flushed_ = 0;
  std::uint64_t flags_asked_ = 0;
};

TEST_P(AdapterStateEqualsTheMocksJournal, InTotals) {
  run();
  std::set<std::string> delivered;
  std::map<std::string, std::uint64_t> dropped = captured_.dropped_by_reason;
  std::uint64_t pending = 0;
  for (const auto& [uuid, end] : ends()) {
    if (end == "delivered") {
      delivered.insert(uuid);
    } else if (end == "pending") {
      ++pending;
    } else {
      ++dropped[end];
    }
  }
  std::uint64_t all_dropped = 0;
  for (const auto& [reason, count] : dropped) all_dropped += count;
  // The run did what it was made for.
  ASSERT_EQ(dropped["hook"], 3u);
  ASSERT_EQ(dropped["queue_full"], 7u);
  ASSERT_EQ(dropped["attempts_exhausted"], 5u);
  ASSERT_EQ(dropped["rejected"], GetParam() == Capture::v1 ? 7u : 5u);
  ASSERT_EQ(pending, 3u);

  const Json state = bench_.state();
  EXPECT_EQ(state["total_events_sent"], delivered.size());
  EXPECT_EQ(state["dropped_by_reason"], Json(dropped));
  EXPECT_EQ(state["total_events_dropped"], all_dropped);
  EXPECT_EQ(state["pending_events"], pending);
  EXPECT_EQ(state["total_events_captured"], delivered.size() + all_dropped + pending);
  EXPECT_EQ(state["refused"], 0);
  EXPECT_EQ(flushed_, delivered.size());

  std::set<std::string> stored;
  for (const mock::StoredEvent& event : bench_.server.stored()) stored.insert(event.uuid);
  EXPECT_EQ(stored, delivered);
}

TEST_P(AdapterStateEqualsTheMocksJournal, RequestByRequest) {
  run();
  const Json state = bench_.state();
  const Json& made = state["requests_made"];
  const std::vector<mock::JournalEntry> journal = this->journal();
  ASSERT_EQ(bench_.server.journal().size(), journal.size() + flags_asked_);
  std::uint64_t retries = 0;
  ASSERT_EQ(made.size(), journal.size());
  for (std::size_t i = 0; i < journal.size(); ++i) {
    SCOPED_TRACE(journal[i].to_text());
    EXPECT_EQ(made[i]["status_code"], heard(journal[i]));
    EXPECT_EQ(made[i].contains("error"), heard(journal[i]) == 0) << made[i];
    EXPECT_EQ(made[i]["retry_attempt"], journal[i].attempt - 1);
    EXPECT_EQ(made[i]["event_count"], journal[i].uuids.size());
    EXPECT_EQ(made[i]["uuid_list"], Json(journal[i].uuids));
    EXPECT_EQ(made[i]["lane"], journal[i].route == mock::Route::ai ? "ai" : "analytics");
    // It arrives after the uplink's millisecond.
    EXPECT_EQ(made[i]["timestamp_ms"], journal[i].timestamp_ms() - 1);
    if (journal[i].attempt > 1) ++retries;
  }
  EXPECT_EQ(state["total_requests"], journal.size());
  EXPECT_EQ(state["total_retries"], retries);
  EXPECT_EQ(state["requests_omitted"], 0);
  EXPECT_EQ(state["last_error"], "status 503");
}

TEST_P(AdapterStateEqualsTheMocksJournal, WithoutTheFlagsItAskedFor) {
  bench_.init();
  capture_and_flush(1);
  const Json before = bench_.state();
  ask_a_flag();
  EXPECT_EQ(bench_.state(), before);
  EXPECT_EQ(bench_.server.journal().size(), 2u);
}

TEST_P(AdapterStateEqualsTheMocksJournal, DropByDrop) {
  run();
  std::map<std::string, std::string> expected;
  for (const auto& [uuid, end] : ends()) {
    if (end != "delivered" && end != "pending") expected[uuid] = end;
  }
  std::map<std::string, std::string> said;
  const Json state = bench_.state();
  for (const Json& drop : state["dropped_events"]) {
    if (captured_.accepted.contains(drop["uuid"])) said[drop["uuid"]] = drop["reason"];
  }
  EXPECT_EQ(said, expected);
}

INSTANTIATE_TEST_SUITE_P(Protocols, AdapterStateEqualsTheMocksJournal,
                         testing::Values(Capture::v0, Capture::v1, Capture::client),
                         [](const auto& each) { return std::string(to_string(each.param)); });

}  // namespace
}  // namespace lockstep::adapter
