// What is delivered, in which requests, and what goes through which lane.

#include <utility>

#include "tests/arms/bodies.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

Body plain_batch() {
  return {"PlainBatch", nullptr,
          [](Arm& arm) {
            capture_all(arm, {"a", "b", "c"});
            arm.flush();
          },
          R"(
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
  return {"BatchesInCaptureOrder", [](Options& options) { options.max_batch_size = 2; },
          [](Arm& arm) {
            capture_all(arm, {"a", "b", "c", "d", "e"});
            arm.flush();
            arm.shutdown(10s);
            arm.capture("late");
          },
          R"(
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
  return {"ShutdownDrains", [](Options& options) { options.max_batch_size = 1; },
          [](Arm& arm) {
            arm.server().enqueue({status(503)});
            capture_all(arm, {"a", "b"});
            arm.shutdown(10s);
          },
          R"(
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
  return {"LanesDoNotWaitForEachOther", nullptr,
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
          R"(
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

Body gzip() {
  return {"Gzip", [](Options& options) { options.compression = Compression::gzip; },
          [](Arm& arm) {
            arm.server().enqueue({status(503)});
            capture_all(arm, {"a", "b"});
            arm.flush();
          },
          R"(
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
  return {"Zstd", [](Options& options) { options.compression = Compression::zstd; },
          [](Arm& arm) {
            capture_all(arm, {"a", "b"});
            arm.flush();
          },
          R"(
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
  return {"PartialResults", [](Options& options) { options.capture = Capture::v1; },
          [](Arm& arm) {
            arm.server().enqueue(
                {results({"ok", "retry", "drop", "limited", "retry"}), results({"retry", "ok"})});
            capture_all(arm, {"a", "b", "c", "d", "e"});
            arm.flush();
          },
          R"(
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
  return {"AnswerThatNamesNobody", [](Options& options) { options.capture = Capture::v1; },
          [](Arm& arm) {
            mock::Step silent = status(200);
            silent.body = R"({"results": {}})";
            arm.server().enqueue({silent});
            capture_all(arm, {"a", "b"});
            arm.flush();
          },
          R"(
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
          gzip(),
          zstd(),
          partial_results(),
          answer_that_names_nobody()};
}

}  // namespace lockstep
