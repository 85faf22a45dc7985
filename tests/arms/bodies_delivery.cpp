// What is delivered, in which requests, and what goes through which lane.

#include <utility>

#include "tests/arms/bodies.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

Body plain_batch() {
  return {.name = "PlainBatch", .captures = {"a", "b", "c"}, .trace = R"(
POST /batch/ attempt 1 [a b c] -> 200
request analytics attempt 1 [a b c]: 200
a: delivered, lane analytics, attempts 1, status 200
b: delivered, lane analytics, attempts 1, status 200
c: delivered, lane analytics, attempts 1, status 200
stored a of 1 received
stored b of 1 received
stored c of 1 received
flush: complete, delivered 3, dropped 0, pending 0
ledger: captured 3, delivered 3, unconfirmed 0, dropped 0, pending 0, requests 1, retries 0
)"};
}

Body batches_in_capture_order() {
  return {.name = "BatchesInCaptureOrder",
          .adjust = [](Options& options) { options.max_batch_size = 2; },
          .captures = {"a", "b", "c", "d", "e"},
          .run =
              [](Arm& arm) {
                arm.flush();
                arm.shutdown(10s);
                arm.capture("late");
              },
          .trace = R"(
POST /batch/ attempt 1 [a b] -> 200
POST /batch/ attempt 1 [c d] -> 200
POST /batch/ attempt 1 [e] -> 200
request analytics attempt 1 [a b]: 200
request analytics attempt 1 [c d]: 200
request analytics attempt 1 [e]: 200
a: delivered, lane analytics, attempts 1, status 200
b: delivered, lane analytics, attempts 1, status 200
c: delivered, lane analytics, attempts 1, status 200
d: delivered, lane analytics, attempts 1, status 200
e: delivered, lane analytics, attempts 1, status 200
stored a of 1 received
stored b of 1 received
stored c of 1 received
stored d of 1 received
stored e of 1 received
flush: complete, delivered 5, dropped 0, pending 0
shutdown: complete, delivered 0, dropped 0, pending 0
capture late: closed
ledger: captured 5, delivered 5, unconfirmed 0, dropped 0, pending 0, requests 3, retries 0
)"};
}

Body shutdown_drains() {
  return {.name = "ShutdownDrains",
          .adjust = [](Options& options) { options.max_batch_size = 1; },
          .script = {status(503)},
          .captures = {"a", "b"},
          .run = [](Arm& arm) { arm.shutdown(10s); },
          .trace = R"(
POST /batch/ attempt 1 [a] -> 503
POST /batch/ attempt 2 [a] -> 200
POST /batch/ attempt 1 [b] -> 200
request analytics attempt 1 [a]: 503
request analytics attempt 2 [a]: 200
request analytics attempt 1 [b]: 200
a: delivered, lane analytics, attempts 2, status 200
b: delivered, lane analytics, attempts 1, status 200
stored a of 2 received
stored b of 1 received
shutdown: complete, delivered 2, dropped 0, pending 0
ledger: captured 2, delivered 2, unconfirmed 0, dropped 0, pending 0, requests 3, retries 1
)"};
}

Body lanes_do_not_wait_for_each_other() {
  return {.name = "LanesDoNotWaitForEachOther",
          .run =
              [](Arm& arm) {
                mock::Sequence analytics;
                analytics.path = "/batch/";
                analytics.steps = {status(503), status(503)};
                arm.server().add_sequence(std::move(analytics));
                arm.capture("a");
                arm.capture("generation", Lane::ai);
                arm.capture("old", Lane::historical);
                arm.capture("b");
                arm.flush();
              },
          .trace = R"(
POST /batch/ attempt 1 [a b] -> 503
POST /batch/ attempt 2 [a b] -> 503
POST /batch/ attempt 1 [old] -> 200
POST /batch/ attempt 3 [a b] -> 200
POST /i/v0/ai/batch/ attempt 1 [generation] -> 200
request analytics attempt 1 [a b]: 503
request analytics attempt 2 [a b]: 503
request analytics attempt 3 [a b]: 200
request historical attempt 1 [old]: 200
request ai attempt 1 [generation]: 200
a: delivered, lane analytics, attempts 3, status 200
b: delivered, lane analytics, attempts 3, status 200
generation: delivered, lane ai, attempts 1, status 200
old: delivered, lane historical, attempts 1, status 200
stored a of 3 received
stored b of 3 received
stored generation of 1 received
stored old of 1 received
flush: complete, delivered 4, dropped 0, pending 0
ledger: captured 4, delivered 4, unconfirmed 0, dropped 0, pending 0, requests 5, retries 2
)"};
}

Body client_protocol() {
  return {.name = "ClientProtocol",
          .adjust = [](Options& options) { options.capture = Capture::client; },
          .script = {status(413), status(503)},
          .captures = {"a", "b"},
          .trace = R"(
POST /e/ attempt 1 [a b] -> 413
POST /e/ attempt 2 [a] -> 503
POST /e/ attempt 1 [b] -> 200
POST /e/ attempt 3 [a] -> 200
request analytics attempt 1 [a b]: 413
request analytics attempt 1 [a]: 503
request analytics attempt 1 [b]: 200
request analytics attempt 2 [a]: 200
a: delivered, lane analytics, attempts 3, status 200
b: delivered, lane analytics, attempts 2, status 200
stored a of 3 received
stored b of 2 received
flush: complete, delivered 2, dropped 0, pending 0
ledger: captured 2, delivered 2, unconfirmed 0, dropped 0, pending 0, requests 4, retries 1
)"};
}

Body segment_protocol() {
  return {.name = "SegmentProtocol",
          .adjust = [](Options& options) { options.capture = Capture::segment; },
          .script = {status(429), fault(http::Fault::reset_after)},
          .captures = {"a", "b"},
          .trace = R"(
POST /v1/batch attempt 1 [a b] -> 429
POST /v1/batch attempt 2 [a b] -> 200 reset_after
POST /v1/batch attempt 3 [a b] -> 200
request analytics attempt 1 [a b]: 429
request analytics attempt 2 [a b]: reset
request analytics attempt 3 [a b]: 200
a: delivered, lane analytics, attempts 3, status 200
b: delivered, lane analytics, attempts 3, status 200
stored a of 3 received
stored b of 3 received
flush: complete, delivered 2, dropped 0, pending 0
ledger: captured 2, delivered 2, unconfirmed 0, dropped 0, pending 0, requests 3, retries 2
)"};
}

mock::Step event_errors(std::vector<mock::EventError> errors) {
  mock::Step step;
  step.event_errors = std::move(errors);
  return step;
}

// Its events have no id of their own: copies stay copies.
Body confidence_protocol() {
  return {.name = "ConfidenceProtocol",
          .adjust =
              [](Options& options) {
                options.capture = Capture::confidence;
                options.event_id_field = "event_id";
              },
          .script = {fault(http::Fault::reset_after), event_errors({{.index = 1}})},
          .captures = {"a", "b"},
          .trace = R"(
POST /v1/events:publish attempt 1 [eventDefinitions/a eventDefinitions/b] -> 200 reset_after
POST /v1/events:publish attempt 2 [eventDefinitions/a eventDefinitions/b] -> 200
request analytics attempt 1 [a b]: reset
request analytics attempt 2 [a b]: 200
a: delivered, lane analytics, attempts 2, status 200
b: dropped rejected, lane analytics, attempts 2, status 200
stored eventDefinitions/a of 2 received
stored eventDefinitions/a of 2 received
stored eventDefinitions/b of 2 received
flush: complete, delivered 1, dropped 1, pending 0
ledger: captured 2, delivered 1, unconfirmed 0, dropped 1, pending 0, requests 2, retries 1
)"};
}

Body gzip() {
  return {.name = "Gzip",
          .adjust = [](Options& options) { options.compression = Compression::gzip; },
          .script = {status(503)},
          .captures = {"a", "b"},
          .trace = R"(
POST /batch/ attempt 1 [a b] gzip -> 503
POST /batch/ attempt 2 [a b] gzip -> 200
request analytics attempt 1 [a b]: 503
request analytics attempt 2 [a b]: 200
a: delivered, lane analytics, attempts 2, status 200
b: delivered, lane analytics, attempts 2, status 200
stored a of 2 received
stored b of 2 received
flush: complete, delivered 2, dropped 0, pending 0
ledger: captured 2, delivered 2, unconfirmed 0, dropped 0, pending 0, requests 2, retries 1
)"};
}

Body zstd() {
  return {.name = "Zstd",
          .adjust = [](Options& options) { options.compression = Compression::zstd; },
          .captures = {"a", "b"},
          .trace = R"(
POST /batch/ attempt 1 [a b] zstd -> 200
request analytics attempt 1 [a b]: 200
a: delivered, lane analytics, attempts 1, status 200
b: delivered, lane analytics, attempts 1, status 200
stored a of 1 received
stored b of 1 received
flush: complete, delivered 2, dropped 0, pending 0
ledger: captured 2, delivered 2, unconfirmed 0, dropped 0, pending 0, requests 1, retries 0
)"};
}

Body partial_results() {
  return {
      .name = "PartialResults",
      .adjust = [](Options& options) { options.capture = Capture::v1; },
      .script = {results({"ok", "retry", "drop", "limited", "retry"}), results({"retry", "ok"})},
      .captures = {"a", "b", "c", "d", "e"},
      .trace = R"(
POST /i/v1/analytics/events attempt 1 [a b c d e] -> 200
POST /i/v1/analytics/events attempt 2 [b e] -> 200
POST /i/v1/analytics/events attempt 3 [b] -> 200
request analytics attempt 1 [a b c d e]: 200
request analytics attempt 2 [b e]: 200
request analytics attempt 3 [b]: 200
a: delivered, lane analytics, attempts 1, status 200
b: delivered, lane analytics, attempts 3, status 200
c: dropped rejected, lane analytics, attempts 1, status 200
d: delivered, lane analytics, attempts 1, status 200
e: delivered, lane analytics, attempts 2, status 200
stored a of 1 received
stored b of 3 received
stored d of 1 received
stored e of 2 received
flush: complete, delivered 4, dropped 1, pending 0
ledger: captured 5, delivered 4, unconfirmed 0, dropped 1, pending 0, requests 3, retries 2
)"};
}

Body answer_that_names_nobody() {
  return {.name = "AnswerThatNamesNobody",
          .adjust = [](Options& options) { options.capture = Capture::v1; },
          .script = {status(200, {}, R"({"results": {}})")},
          .captures = {"a", "b"},
          .trace = R"(
POST /i/v1/analytics/events attempt 1 [a b] -> 200
request analytics attempt 1 [a b]: 200
a: unconfirmed, lane analytics, attempts 1, status 200
b: unconfirmed, lane analytics, attempts 1, status 200
flush: complete, delivered 2, dropped 0, pending 0
ledger: captured 2, delivered 2, unconfirmed 2, dropped 0, pending 0, requests 1, retries 0
)"};
}

}  // namespace

std::vector<Body> delivery_bodies() {
  return {plain_batch(),
          batches_in_capture_order(),
          shutdown_drains(),
          lanes_do_not_wait_for_each_other(),
          client_protocol(),
          segment_protocol(),
          confidence_protocol(),
          gzip(),
          zstd(),
          partial_results(),
          answer_that_names_nobody()};
}

}  // namespace lockstep
