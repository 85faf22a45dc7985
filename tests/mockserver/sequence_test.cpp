#include <gtest/gtest.h>

#include "requests.h"

namespace lockstep::mock {
namespace {

Sequence sequence_of(std::initializer_list<int> step_statuses) {
  Sequence sequence;
  for (const int status : step_statuses) sequence.steps.push_back(status_step(status));
  return sequence;
}

Sequence at_path(Sequence sequence, const std::string& path) {
  sequence.path = path;
  return sequence;
}

TEST(Sequences, ComeBeforeTheQueueAndLeaveTheRestToIt) {
  Server server;
  server.enqueue({status_step(429)});
  server.add_sequence(sequence_of({503, 502}));
  const auto one = v0(batch_of(1));
  EXPECT_EQ(statuses(server, {one, one, one, one}), (std::vector{503, 502, 429, 200}));
}

TEST(Sequences, MatchTheirPathExactlyButForTheSlashAtItsEnd) {
  Server server;
  server.add_sequence(at_path(sequence_of({503, 504}), "/batch/"));
  const auto batch = v0(batch_of(1));
  auto slashed = batch;
  slashed.url.path = "/batch/";
  auto other = batch;
  other.url.path = "/e";
  EXPECT_EQ(statuses(server, {other, flags({}), slashed, other, batch, batch}),
            (std::vector{200, 200, 503, 200, 504, 200}));
}

TEST(Sequences, MatchTheirMethod) {
  Server server;
  Sequence sequence = at_path(sequence_of({500}), "/e");
  sequence.method = "GET";
  server.add_sequence(sequence);
  EXPECT_EQ(statuses(server, {post("/e", "{}"), get("/e"), get("/e")}),
            (std::vector{200, 500, 200}));
}

TEST(Sequences, TheFirstThatHasAStepForTheRequestAnswers) {
  Server server;
  server.add_sequence(at_path(sequence_of({500}), "/batch"));
  server.add_sequence(sequence_of({502}));
  const auto one = v0(batch_of(1));
  EXPECT_EQ(statuses(server, {one, one, one}), (std::vector{500, 502, 200}));
}

TEST(Sequences, RepeatLastGoesOnForEver) {
  Server server;
  Sequence sequence = sequence_of({503, 429});
  sequence.when_exhausted = WhenExhausted::repeat_last;
  server.add_sequence(sequence);
  const auto one = v0(batch_of(1));
  EXPECT_EQ(statuses(server, {one, one, one, one}), (std::vector{503, 429, 429, 429}));
}

TEST(Sequences, AStepThatRepeatsIsUsedThatOften) {
  Server server;
  Sequence sequence = sequence_of({503, 200});
  sequence.steps[0].repeat = 2;
  server.add_sequence(sequence);
  const auto one = v0(batch_of(1));
  EXPECT_EQ(statuses(server, {one, one, one}), (std::vector{503, 503, 200}));
}

TEST(Sequences, ExhaustionIsLoudWhenItIsAnError) {
  Server server;
  Sequence sequence = at_path(sequence_of({200}), "/batch");
  sequence.method = "POST";
  sequence.when_exhausted = WhenExhausted::error;
  server.add_sequence(sequence);
  const auto one = v0(batch_of(1));
  EXPECT_EQ(server.handle(one, at(0)).response.status, 200);
  const auto reply = server.handle(one, at(1));
  EXPECT_EQ(reply.response.status, 500);
  EXPECT_EQ(json_of(reply)["error"], "sequence_exhausted");
  EXPECT_NE(reply.response.body.find("sequence 1 (POST /batch)"), std::string::npos);
  EXPECT_NE(server.journal().at(1).note.find("sequence 1 (POST /batch)"), std::string::npos);
  EXPECT_TRUE(server.journal().at(0).note.empty());
}

TEST(Sequences, AnErrorIsNamedAsTheSequenceIs) {
  Server server;
  Sequence sequence = sequence_of({200});
  sequence.name = "two \"outages\"";
  sequence.when_exhausted = WhenExhausted::error;
  server.add_sequence(sequence);
  server.handle(v0(batch_of(1)), at(0));
  const Json body = json_of(server.handle(v0(batch_of(1)), at(0)));
  EXPECT_EQ(body["error_description"], "\"two \"outages\"\" has no steps left");
}

TEST(Sequences, APathOfTheirOwnIsServedAndJournalled) {
  Server server;
  Sequence sequence = at_path(sequence_of({202}), "/v2/events");
  server.add_sequence(sequence);
  server.enqueue({status_step(503)});
  const auto own = post("/v2/events", "{}");
  EXPECT_EQ(statuses(server, {own, own, v0(batch_of(1))}), (std::vector{202, 404, 503}));
  EXPECT_EQ(server.request_count(), 3U);
  EXPECT_EQ(server.unrouted_count(), 0U);
}

TEST(Sequences, WithoutAPathDoNotAnswerWhatHasNoRoute) {
  Server server;
  server.add_sequence(sequence_of({503}));
  EXPECT_EQ(statuses(server, {post("/decide", "{}"), v0(batch_of(1))}), (std::vector{404, 503}));
}

TEST(Sequences, AStepIsUsedUpWhenItMatchesWhateverBecomesOfTheAnswer) {
  Server server;
  Sequence sequence = sequence_of({200, 503});
  sequence.steps[0].delay = std::chrono::hours{1};
  server.add_sequence(sequence);
  const auto slow = server.handle(v0(batch_of(1)), at(0));
  EXPECT_EQ(slow.delay, std::chrono::hours{1});
  EXPECT_EQ(server.handle(v0(batch_of(1)), at(10)).response.status, 503);
}

TEST(Sequences, ThoseWithStepsLeftAreListed) {
  Server server;
  server.add_sequence(at_path(sequence_of({500}), "/batch"));
  server.add_sequence(at_path(sequence_of({500}), "/flags"));
  server.handle(v0(batch_of(1)), at(0));
  EXPECT_EQ(server.partitions().at(0).unfinished_sequences,
            (std::vector<std::string>{"sequence 2 (/flags)"}));
}

TEST(Faults, ThoseBeforeProcessingStoreNothingAndSayThatTheyDidNot) {
  for (const http::Fault fault :
       {http::Fault::refuse_connection, http::Fault::hang_connection, http::Fault::fail_resolution,
        http::Fault::reset_before, http::Fault::no_answer}) {
    Server server;
    Step step;
    step.fault = fault;
    server.enqueue({step});
    EXPECT_EQ(server.handle(v0(batch_of(1)), at(0)).fault, fault);
    EXPECT_FALSE(server.journal().at(0).processed) << fault_name(fault);
    EXPECT_TRUE(server.stored().empty()) << fault_name(fault);
    EXPECT_EQ(server.received_count(uuid_of(1)), 0U) << fault_name(fault);
  }
}

TEST(Faults, ThoseAfterProcessingStoreWhatTheClientNeverHearsOf) {
  for (const http::Fault fault :
       {http::Fault::reset_after, http::Fault::truncate_body, http::Fault::garbage,
        http::Fault::slow_body, http::Fault::endless_body, http::Fault::no_answer}) {
    Server server;
    Step step;
    step.fault = fault;
    step.fault_bytes = 1;
    step.processed = fault == http::Fault::no_answer;
    server.enqueue({step});
    server.handle(v0(batch_of(1)), at(0));
    EXPECT_TRUE(server.journal().at(0).processed) << fault_name(fault);
    EXPECT_EQ(server.stored().size(), 1U) << fault_name(fault);
  }
}

}  // namespace
}  // namespace lockstep::mock
