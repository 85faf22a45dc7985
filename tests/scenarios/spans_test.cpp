#include "scenarios/spans.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "tests/scenarios/traces.h"

namespace lockstep::scenario {
namespace {

std::string ms(Instant at) {
  return std::to_string(at.time_since_epoch() / std::chrono::milliseconds{1});
}

// "network 0-2 batch 1, attempt 1: 503 (trouble)"
std::string line(const Span& span) {
  return std::string(to_string(span.track)) + " " + ms(span.from) + "-" + ms(span.to) + " " +
         (span.count > 1 ? std::to_string(span.count) + " x " : "") + span.title + " (" +
         std::string(to_string(span.tone)) + ")" + (span.open ? " open" : "");
}

std::vector<std::string> lines(const Spans& spans, Track track) {
  std::vector<std::string> out;
  for (const Span& span : spans.spans) {
    if (span.track == track) out.push_back(line(span));
  }
  return out;
}

using Lines = std::vector<std::string>;

TEST(Spans, OfARetryShowThePauseAndBothRequests) {
  const Spans spans = spans_of(retried_once());
  EXPECT_EQ(spans.clients, (Lines{"main"}));
  EXPECT_EQ(lines(spans, Track::steps),
            (Lines{"steps 0-0 2 x 1 init (neutral)", "steps 0-202 3 flush (neutral)",
                   "steps 202-202 4 assert_stored (neutral)"}));
  EXPECT_EQ(lines(spans, Track::calls),
            (Lines{"calls 0-0 2 x capture (neutral)", "calls 0-202 flush: complete (good)"}));
  // The batch's wait and the endpoint's pause are one; a timer for the same instant says no more.
  EXPECT_EQ(lines(spans, Track::waits),
            (Lines{"waits 0-2 timer (neutral)", "waits 2-200 pause (neutral)",
                   "waits 200-202 timer (neutral) open"}));
  EXPECT_EQ(lines(spans, Track::network),
            (Lines{"network 0-2 batch 1, attempt 1: 503 (trouble)",
                   "network 200-202 batch 1, attempt 2: 200 (good)"}));
  EXPECT_EQ(lines(spans, Track::server),
            (Lines{"server 1-1 503 (bad)", "server 201-201 200 (good)"}));
  EXPECT_EQ(lines(spans, Track::outcomes), (Lines{"outcomes 202-202 2 x delivered (good)"}));
}

TEST(Spans, LinksSayWhatFollowsFromWhat) {
  const Spans spans = spans_of(retried_once());
  std::map<std::string, std::string> links;
  for (const Span& span : spans.spans) {
    if (span.link) links[line(span)] = line(spans.spans[*span.link]);
  }
  EXPECT_EQ(links,
            (std::map<std::string, std::string>{
                {"network 200-202 batch 1, attempt 2: 200 (good)",
                 "network 0-2 batch 1, attempt 1: 503 (trouble)"},
                {"server 1-1 503 (bad)", "network 0-2 batch 1, attempt 1: 503 (trouble)"},
                {"server 201-201 200 (good)", "network 200-202 batch 1, attempt 2: 200 (good)"}}));
}

TEST(Spans, OfARowDoNotOverlapAndStandInTheOrderOfTheirStarts) {
  HandMade trace("busy");
  std::vector<std::uint64_t> sent;
  for (int i = 0; i < 4; ++i)
    sent.push_back(trace.at(i, "send", {{"batch", std::to_string(i)}, {"attempt", "1"}}));
  trace.at(5, "answer", {{"status", "200"}}, sent[1]);
  trace.at(5, "send", {{"batch", "9"}, {"attempt", "1"}});
  trace.at(9, "ledger");
  const Spans spans = spans_of(trace.result());
  std::vector<std::size_t> rows;
  for (const Span& span : spans.spans) rows.push_back(span.row);
  EXPECT_EQ(rows, (std::vector<std::size_t>{0, 1, 2, 3, 1}));
  EXPECT_TRUE(std::is_sorted(spans.spans.begin(), spans.spans.end(),
                             [](const Span& a, const Span& b) { return a.from < b.from; }));
  EXPECT_EQ(lines(spans, Track::network).back(), "network 5-9 batch 9, attempt 1 (neutral) open");
}

TEST(Spans, HalvesOfASplitFollowFromTheRequestThatWasTooLarge) {
  HandMade trace("split");
  const auto sent = trace.at(0, "send", {{"batch", "1"}, {"attempt", "1"}});
  const auto answer = trace.at(1, "answer", {{"status", "413"}}, sent);
  trace.at(1, "split", {{"batch", "1"}, {"first_half", "2"}, {"second_half", "3"}}, answer);
  trace.at(1, "send", {{"batch", "2"}, {"attempt", "1"}});
  trace.at(1, "send", {{"batch", "3"}, {"attempt", "1"}});
  const Spans spans = spans_of(trace.result());
  ASSERT_EQ(spans.spans.size(), 4u);
  EXPECT_EQ(line(spans.spans[0]), "network 0-1 batch 1, attempt 1: 413 (trouble)");
  EXPECT_EQ(line(spans.spans[1]), "waits 1-1 split of batch 1 (trouble)");
  EXPECT_EQ(spans.spans[2].link, 0u);
  EXPECT_EQ(spans.spans[3].link, 0u);
}

TEST(Spans, OfTwoPausesThatBeginTogetherTheLaterCountsAndTheOtherBatchStillWaits) {
  HandMade trace("two answers at once");
  const auto one = trace.at(0, "send", {{"batch", "1"}, {"attempt", "1"}});
  const auto two = trace.at(0, "send", {{"batch", "2"}, {"attempt", "1"}});
  for (const auto& [batch, sent, until] :
       {std::tuple{"1", one, "0.100000000"}, std::tuple{"2", two, "0.300000000"}}) {
    const auto answer = trace.at(2, "answer", {{"status", "503"}}, sent);
    trace.at(2, "retry", {{"batch", batch}, {"until", until}}, answer);
    trace.at(2, "pause", {{"endpoint", "0"}, {"until", until}}, answer);
  }
  trace.at(400, "ledger");
  EXPECT_EQ(lines(spans_of(trace.result()), Track::waits),
            (Lines{"waits 2-100 retry of batch 1 (neutral)", "waits 2-300 pause (neutral)"}));
}

TEST(Spans, ALaterPauseTakesOver) {
  HandMade trace("pauses");
  trace.at(0, "pause", {{"endpoint", "0"}, {"until", "0.100000000"}});
  trace.at(0, "pause", {{"endpoint", "1"}, {"until", "0.100000000"}});
  trace.at(60, "pause", {{"endpoint", "0"}, {"until", "0.300000000"}});
  trace.at(70, "ledger");
  EXPECT_EQ(lines(spans_of(trace.result()), Track::waits),
            (Lines{"waits 0-60 pause (neutral)", "waits 0-70 pause (neutral) open",
                   "waits 60-70 pause (neutral) open"}));
}

TEST(Spans, TheStepThatFailedStandsAloneAndSoDoesABrokenLaw) {
  Result result = retried_once();
  result.failed = FailedStep{2, "capture", {}, {}};
  EXPECT_EQ(lines(spans_of(result), Track::steps).at(1), "steps 0-0 2 capture (bad)");
  result.failed = FailedStep{0, "the ledger balances", {}, {}};
  EXPECT_EQ(lines(spans_of(result), Track::steps).back(),
            "steps 202-202 the ledger balances (bad)");
}

TEST(Spans, AnArrivalBelongsToItsOwnClientsRequest) {
  HandMade trace("two clients");
  trace.at(0, "send", {{"client", "other"}, {"path", "/flags"}, {"body", "7"}});
  trace.at(0, "send", {{"path", "/flags"}, {"body", "7"}});
  trace.at(1, "request", {{"to", "/flags?v=2"}, {"status", "200"}, {"body", "7"}});
  const Spans spans = spans_of(trace.result());
  EXPECT_EQ(spans.clients, (Lines{"other", "main"}));
  EXPECT_EQ(spans.spans.back().link, 1u);
  EXPECT_EQ(spans.spans[1].client, 1u);
  EXPECT_EQ(lines(spans, Track::network),
            (Lines{"network 0-1 /flags (neutral) open", "network 0-1 /flags (neutral) open"}));
}

TEST(Spans, OfAnEmptyTraceAreNone) {
  const Spans spans = spans_of(Result{});
  EXPECT_TRUE(spans.spans.empty());
  EXPECT_EQ(spans.clients.size(), 1u);
}

}  // namespace
}  // namespace lockstep::scenario
