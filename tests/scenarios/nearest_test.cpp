#include "scenarios/nearest.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lockstep::scenario {
namespace {

Candidate request(const std::string& line, const std::string& body) {
  Candidate out;
  out.line = line;
  out.path = "/batch/";
  out.headers.add("Content-Encoding", "gzip");
  out.body = std::make_shared<const nlohmann::json>(nlohmann::json::parse(body, nullptr, false));
  return out;
}

const std::vector<Candidate> kRequests{
    request("#1", R"({"batch":[{"event":"page","distinct_id":"u1"}]})"),
    request("#2", R"({"batch":[{"event":"order","distinct_id":"u1","properties":{"plan":"free"}},
                              {"event":"page"}]})"),
    request("#3", R"({"batch":[{"event":"order","distinct_id":"u9"}]})"),
};

std::string near(const std::string& params) {
  std::vector<Problem> problems;
  return nearest(parse_yaml(params, "f.yaml", problems), kRequests);
}

TEST(Nearest, IsTheRequestThatHasMostOfWhatIsAskedFor) {
  EXPECT_EQ(near("{event: order, property: plan, expected: pro}"),
            "#2\nhas \"order\"; plan is \"free\"; lacks \"pro\"");
  EXPECT_EQ(near("{event: order, distinct_id: u9, expected: pro}"),
            "#3\nhas \"order\", \"u9\"; lacks \"pro\"");
}

TEST(Nearest, OfEqualsTheFirst) {
  EXPECT_EQ(near("{distinct_id: u1, event: nothing}"), "#1\nhas \"u1\"; lacks \"nothing\"");
}

TEST(Nearest, HeadersAreFoundByTheirNamesInAnyLetters) {
  EXPECT_EQ(near("{name: content-encoding, expected: br}"),
            "#1\nContent-Encoding is \"gzip\"; lacks \"br\"");
}

TEST(Nearest, ListsAndMapsOfParametersCountToo) {
  EXPECT_EQ(near("{names: [page, order], match: {plan: pro}}"),
            "#2\nhas \"page\", \"order\"; lacks \"pro\"");
}

TEST(Nearest, IsNoneWhereNothingIsNamedNothingIsFoundOrAllOfItIs) {
  EXPECT_EQ(near("{expected: 3, index: 0}"), "");
  EXPECT_EQ(near("{event: unheard of}"), "");
  EXPECT_EQ(near("{event: order, distinct_id: u1}"), "");
  EXPECT_EQ(nearest(Node::quoted("order", {}), {}), "");
}

TEST(Nearest, ABodyThatIsNoJsonHasHeadersStill) {
  Candidate bare = kRequests[0];
  bare.body = nullptr;
  EXPECT_EQ(nearest(Node::quoted("CONTENT-ENCODING", {}), {bare}),
            "#1\nContent-Encoding is \"gzip\"");
}

}  // namespace
}  // namespace lockstep::scenario
