#include "scenarios/contract/observed.h"

#include <gtest/gtest.h>

#include <string>

namespace lockstep::contract {
namespace {

using std::chrono::seconds;

Recorded request(std::uint64_t number, Duration at) {
  Recorded recorded;
  recorded.entry.number = number;
  recorded.entry.arrival.at = Instant{at};
  recorded.entry.test_id = "t7";
  recorded.entry.path = "/flags";
  recorded.entry.query = "v=2";
  recorded.entry.status = 503;
  recorded.entry.response_headers.add("Retry-After", "3");
  recorded.entry.event_count = 2;
  return recorded;
}

TEST(Observed, StepsAndRequestsStandInOrderOfTimeFromZeroOn) {
  Trace steps;
  steps.record(Instant{seconds{100}}, "step", {{"number", "1"}, {"action", "init"}});
  steps.record(Instant{seconds{105}}, "step", {{"number", "2"}, {"action", "flush"}});
  const auto entries = observed(
      steps.entries(), {request(1, seconds{103}), request(2, seconds{109})}, Instant{seconds{100}});
  std::string text;
  for (const TraceEntry& entry : entries)
    text += entry.to_text().substr(0, 34) + " " + entry.fields[1].second + "\n";
  EXPECT_EQ(text,
            "     1      0.000000000  step      init\n"
            "     2      3.000000000  request   1\n"
            "     3      5.000000000  step      flush\n"
            "     4      9.000000000  request   2\n");
}

TEST(Observed, ARequestIsToldAsTheTraceOfAScenarioTellsIt) {
  const auto entries = observed({}, {request(1, seconds{1})}, Instant{});
  ASSERT_EQ(entries.size(), 1u);
  using Field = std::pair<std::string, std::string>;
  EXPECT_EQ(entries[0].fields, (std::vector<Field>{{"client", "t7"},
                                                   {"number", "1"},
                                                   {"to", "/flags?v=2"},
                                                   {"status", "503"},
                                                   {"retry_after", "3"},
                                                   {"fault", ""},
                                                   {"delay", "0.000000000"},
                                                   {"attempt", "1"},
                                                   {"events", "2"}}));
}

}  // namespace
}  // namespace lockstep::contract
