// A server and a network that fail, and what a retry makes of it.

#include <utility>

#include "tests/arms/bodies.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

Body two_failures_then_success() {
  return {"TwoFailuresThenSuccess", nullptr,
          [](Arm& arm) {
            arm.server().enqueue({status(503), status(503)});
            capture_all(arm, {"a", "b"});
            arm.flush();
          },
          R"(
POST /batch/ attempt 1 [a b] -> 503
POST /batch/ attempt 2 [a b] -> 503
POST /batch/ attempt 3 [a b] -> 200
request analytics attempt 1 [a b]: 503
request analytics attempt 2 [a b]: 503
request analytics attempt 3 [a b]: 200
a: delivered, lane analytics, attempts 3, status 200
b: delivered, lane analytics, attempts 3, status 200
stored a of 3 received
stored b of 3 received
flush: complete, delivered 2, dropped 0, pending 0
ledger: captured 2, delivered 2, unconfirmed 0, dropped 0, pending 0, requests 3, retries 2
)"};
}

Body attempts_exhausted() {
  return {"AttemptsExhausted", nullptr,
          [](Arm& arm) {
            arm.server().enqueue({status(500), status(502), status(504)});
            arm.capture("a");
            arm.flush();
          },
          R"(
POST /batch/ attempt 1 [a] -> 500
POST /batch/ attempt 2 [a] -> 502
POST /batch/ attempt 3 [a] -> 504
request analytics attempt 1 [a]: 500
request analytics attempt 2 [a]: 502
request analytics attempt 3 [a]: 504
a: dropped attempts_exhausted, lane analytics, attempts 3, status 504
flush: complete, delivered 0, dropped 1, pending 0
ledger: captured 1, delivered 0, unconfirmed 0, dropped 1, pending 0, requests 3, retries 2
)"};
}

Body retry_after() {
  return {"RetryAfter", nullptr,
          [](Arm& arm) {
            arm.server().enqueue({status(429, {{"Retry-After", "3600"}})});
            arm.capture("a");
            arm.flush();
            arm.capture("b");
            arm.flush();
          },
          R"(
POST /batch/ attempt 1 [a] -> 429
POST /batch/ attempt 2 [a] -> 200
POST /batch/ attempt 1 [b] -> 200
request analytics attempt 1 [a]: 429
request analytics attempt 2 [a]: 200
request analytics attempt 1 [b]: 200
a: delivered, lane analytics, attempts 2, status 200
b: delivered, lane analytics, attempts 1, status 200
stored a of 2 received
stored b of 1 received
flush: complete, delivered 1, dropped 0, pending 0
flush: complete, delivered 1, dropped 0, pending 0
ledger: captured 2, delivered 2, unconfirmed 0, dropped 0, pending 0, requests 3, retries 1
)"};
}

Body reset_after_processing() {
  return {"ResetAfterProcessing", nullptr,
          [](Arm& arm) {
            arm.server().enqueue({fault(http::Fault::reset_after)});
            capture_all(arm, {"a", "b"});
            arm.flush();
          },
          R"(
POST /batch/ attempt 1 [a b] -> 200 reset_after
POST /batch/ attempt 2 [a b] -> 200
request analytics attempt 1 [a b]: reset
request analytics attempt 2 [a b]: 200
a: delivered, lane analytics, attempts 2, status 200
b: delivered, lane analytics, attempts 2, status 200
stored a of 2 received
stored b of 2 received
flush: complete, delivered 2, dropped 0, pending 0
ledger: captured 2, delivered 2, unconfirmed 0, dropped 0, pending 0, requests 2, retries 1
)"};
}

Body reset_before_processing() {
  return {"ResetBeforeProcessing", nullptr,
          [](Arm& arm) {
            arm.server().enqueue({fault(http::Fault::reset_before)});
            arm.capture("a");
            arm.flush();
          },
          R"(
POST /batch/ attempt 1 [a] -> 200 reset_before
POST /batch/ attempt 2 [a] -> 200
request analytics attempt 1 [a]: reset
request analytics attempt 2 [a]: 200
a: delivered, lane analytics, attempts 2, status 200
stored a of 1 received
flush: complete, delivered 1, dropped 0, pending 0
ledger: captured 1, delivered 1, unconfirmed 0, dropped 0, pending 0, requests 2, retries 1
)"};
}

Body truncated_body() {
  return {"TruncatedBody", nullptr,
          [](Arm& arm) {
            arm.server().enqueue({fault(http::Fault::truncate_body, 3)});
            arm.capture("a");
            arm.flush();
          },
          R"(
POST /batch/ attempt 1 [a] -> 200 truncate_body
POST /batch/ attempt 2 [a] -> 200
request analytics attempt 1 [a]: truncated
request analytics attempt 2 [a]: 200
a: delivered, lane analytics, attempts 2, status 200
stored a of 2 received
flush: complete, delivered 1, dropped 0, pending 0
ledger: captured 1, delivered 1, unconfirmed 0, dropped 0, pending 0, requests 2, retries 1
)"};
}

Body not_http() {
  return {"NotHttp", nullptr,
          [](Arm& arm) {
            arm.server().enqueue({fault(http::Fault::garbage)});
            arm.capture("a");
            arm.flush();
          },
          R"(
POST /batch/ attempt 1 [a] -> 200 garbage
POST /batch/ attempt 2 [a] -> 200
request analytics attempt 1 [a]: malformed
request analytics attempt 2 [a]: 200
a: delivered, lane analytics, attempts 2, status 200
stored a of 2 received
flush: complete, delivered 1, dropped 0, pending 0
ledger: captured 1, delivered 1, unconfirmed 0, dropped 0, pending 0, requests 2, retries 1
)"};
}

Body request_timeout() {
  return {"RequestTimeout", [](Options& options) { options.request_timeout = 1s; },
          [](Arm& arm) {
            arm.server().enqueue({fault(http::Fault::no_answer)});
            arm.capture("a");
            arm.flush();
          },
          R"(
POST /batch/ attempt 1 [a] -> 200 no_answer
POST /batch/ attempt 2 [a] -> 200
request analytics attempt 1 [a]: timeout
request analytics attempt 2 [a]: 200
a: delivered, lane analytics, attempts 2, status 200
stored a of 1 received
flush: complete, delivered 1, dropped 0, pending 0
ledger: captured 1, delivered 1, unconfirmed 0, dropped 0, pending 0, requests 2, retries 1
)"};
}

}  // namespace

std::vector<Body> trouble_bodies() {
  return {
      two_failures_then_success(), attempts_exhausted(), retry_after(), reset_after_processing(),
      reset_before_processing(),   truncated_body(),     not_http(),    request_timeout()};
}

}  // namespace lockstep
