// A server and a network that fail, and what a retry makes of it.

#include <utility>

#include "tests/arms/bodies.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

Body two_failures_then_success() {
  return {.name = "TwoFailuresThenSuccess",
          .script = {status(503), status(503)},
          .captures = {"a", "b"},
          .trace = R"(
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
  return {.name = "AttemptsExhausted",
          .script = {status(500), status(502), status(504)},
          .captures = {"a"},
          .trace = R"(
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
  return {.name = "RetryAfter",
          .script = {status(429, {{"Retry-After", "3600"}})},
          .captures = {"a"},
          .run =
              [](Arm& arm) {
                arm.flush();
                arm.capture("b");
                arm.flush();
              },
          .trace = R"(
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
  return {.name = "ResetAfterProcessing",
          .script = {fault(http::Fault::reset_after)},
          .captures = {"a", "b"},
          .trace = R"(
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

// One event whose first answer does not come as it should: `error` is what the transport makes of
// it, `received` how often the server processed the event.
Body answer_that_fails(std::string name, const mock::Step& first, const std::string& error,
                       int received) {
  return {.name = std::move(name),
          .script = {first},
          .captures = {"a"},
          .trace = "\nPOST /batch/ attempt 1 [a] -> 200 " +
                   std::string(mock::fault_name(first.fault)) + R"(
POST /batch/ attempt 2 [a] -> 200
request analytics attempt 1 [a]: )" +
                   error + R"(
request analytics attempt 2 [a]: 200
a: delivered, lane analytics, attempts 2, status 200
stored a of )" + std::to_string(received) +
                   R"( received
flush: complete, delivered 1, dropped 0, pending 0
ledger: captured 1, delivered 1, unconfirmed 0, dropped 0, pending 0, requests 2, retries 1
)"};
}

Body request_timeout() {
  Body body = answer_that_fails("RequestTimeout", fault(http::Fault::no_answer), "timeout", 1);
  body.adjust = [](Options& options) { options.request_timeout = 1s; };
  return body;
}

}  // namespace

std::vector<Body> trouble_bodies() {
  return {two_failures_then_success(),
          attempts_exhausted(),
          retry_after(),
          reset_after_processing(),
          answer_that_fails("ResetBeforeProcessing", fault(http::Fault::reset_before), "reset", 1),
          answer_that_fails("TruncatedBody", fault(http::Fault::truncate_body, 3), "truncated", 2),
          answer_that_fails("NotHttp", fault(http::Fault::garbage), "malformed", 2),
          request_timeout()};
}

}  // namespace lockstep
