// The record: bounds, order, masking, and the observers of others.
#include "adapter/record.h"

#include <gtest/gtest.h>

namespace lockstep::adapter {
namespace {

RequestReport request(int status, std::size_t uuids) {
  RequestReport report;
  report.status = status;
  if (status == 0) report.error = "reset: http://x/?key=phc_secret_key broke";
  report.uuids.resize(uuids);
  return report;
}

TEST(AdapterRecord, KeepsTheNewestRequestsAndCountsTheRest) {
  Options options;
  const auto record = Record::observe(options, {.max_requests = 3, .max_uuids = 100});
  for (int status = 201; status <= 205; ++status) options.on_request(request(status, 1));
  const RecordSnapshot kept = record->snapshot();
  ASSERT_EQ(kept.requests.size(), 3u);
  EXPECT_EQ(kept.requests.front().status, 203);
  EXPECT_EQ(kept.requests.back().status, 205);
  EXPECT_EQ(kept.requests_omitted, 2u);
}

TEST(AdapterRecord, BoundsTheUuidsOfAllRequestsTogether) {
  Options options;
  const auto record = Record::observe(options, {.max_requests = 100, .max_uuids = 10});
  for (int i = 0; i < 5; ++i) options.on_request(request(200, 4));
  EXPECT_EQ(record->snapshot().requests.size(), 2u);
  EXPECT_EQ(record->snapshot().requests_omitted, 3u);
  options.on_request(request(200, 11));
  EXPECT_TRUE(record->snapshot().requests.empty()) << "larger than the bound all by itself";
  options.on_request(request(200, 10));
  EXPECT_EQ(record->snapshot().requests.size(), 1u);
}

TEST(AdapterRecord, KeepsTheDropsNotTheDeliveries) {
  Options options;
  const auto record = Record::observe(options, {.max_drops = 2});
  Outcome outcome;
  outcome.delivered = true;
  options.on_outcome(outcome);
  outcome.delivered = false;
  for (int status = 400; status < 403; ++status) {
    outcome.status = status;
    options.on_outcome(outcome);
  }
  const RecordSnapshot kept = record->snapshot();
  ASSERT_EQ(kept.drops.size(), 2u);
  EXPECT_EQ(kept.drops.front().status, 401);
  EXPECT_EQ(kept.drops_omitted, 1u);
}

TEST(AdapterRecord, TheLastErrorIsTheLatestFailureAndASuccessLeavesItThere) {
  Options options;
  const auto record = Record::observe(options, {});
  options.on_request(request(200, 1));
  EXPECT_FALSE(record->snapshot().last_error.has_value());
  options.on_request(request(503, 1));
  EXPECT_EQ(record->snapshot().last_error, "status 503");
  options.on_error({.message = "3 events lost", .events = 3});
  options.on_request(request(200, 1));
  EXPECT_EQ(record->snapshot().last_error, "3 events lost");
}

TEST(AdapterRecord, MasksTheApiKeyWhereverItStands) {
  Options options;
  options.api_key = "phc_secret_key";
  const auto record = Record::observe(options, {});
  options.on_request(request(0, 1));
  EXPECT_EQ(record->snapshot().last_error, "reset: http://x/?key=[api key] broke");
  EXPECT_EQ(record->snapshot().requests[0].error, "reset: http://x/?key=[api key] broke");
  options.on_error({.message = "phc_secret_key and phc_secret_key", .events = 1});
  EXPECT_EQ(record->snapshot().last_error, "[api key] and [api key]");
  Outcome outcome;
  outcome.detail = "unknown key phc_secret_key";
  options.on_outcome(outcome);
  EXPECT_EQ(record->snapshot().drops[0].detail, "unknown key [api key]");
}

TEST(AdapterRecord, CallsTheObserversThatWereThereAfterItself) {
  Options options;
  std::vector<std::string> calls;
  std::shared_ptr<Record> record;
  options.on_request = [&](const RequestReport&) {
    calls.push_back("request " + std::to_string(record->snapshot().requests.size()));
  };
  options.on_outcome = [&](const Outcome&) { calls.emplace_back("outcome"); };
  options.on_error = [&](const ErrorReport&) { calls.emplace_back("error"); };
  record = Record::observe(options, {});
  options.on_request(request(200, 1));
  options.on_outcome({});
  options.on_error({});
  EXPECT_EQ(calls, (std::vector<std::string>{"request 1", "outcome", "error"}));
}

}  // namespace
}  // namespace lockstep::adapter
