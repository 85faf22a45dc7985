// Limits: sizes, queues, deadlines, refusals.

#include <utility>

#include "tests/arms/bodies.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;

Body too_large_is_split() {
  return {.name = "TooLargeIsSplit",
          .script = {status(413), status(413)},
          .captures = {"a", "b", "c", "d"},
          .trace = R"(
POST /batch/ attempt 1 [a b c d] -> 413
POST /batch/ attempt 2 [a b] -> 413
POST /batch/ attempt 1 [c d] -> 200
POST /batch/ attempt 3 [a] -> 200
POST /batch/ attempt 1 [b] -> 200
request analytics attempt 1 [a b c d]: 413
request analytics attempt 1 [a b]: 413
request analytics attempt 1 [c d]: 200
request analytics attempt 1 [a]: 200
request analytics attempt 1 [b]: 200
a: delivered, lane analytics, attempts 3, status 200
b: delivered, lane analytics, attempts 3, status 200
c: delivered, lane analytics, attempts 2, status 200
d: delivered, lane analytics, attempts 2, status 200
stored a of 3 received
stored b of 3 received
stored c of 2 received
stored d of 2 received
flush: complete, delivered 4, dropped 0, pending 0
ledger: captured 4, delivered 4, unconfirmed 0, dropped 0, pending 0, requests 5, retries 0
)"};
}

Body one_event_too_large() {
  return {.name = "OneEventTooLarge", .script = {status(413)}, .captures = {"a"}, .trace = R"(
POST /batch/ attempt 1 [a] -> 413
request analytics attempt 1 [a]: 413
a: dropped too_large, lane analytics, attempts 1, status 413
flush: complete, delivered 0, dropped 1, pending 0
ledger: captured 1, delivered 0, unconfirmed 0, dropped 1, pending 0, requests 1, retries 0
)"};
}

Body rejected() {
  return {.name = "Rejected",
          .script = {status(400)},
          .captures = {"a", "b"},
          .run =
              [](Arm& arm) {
                arm.flush();
                arm.capture("c");
                arm.flush();
              },
          .trace = R"(
POST /batch/ attempt 1 [a b] -> 400
POST /batch/ attempt 1 [c] -> 200
request analytics attempt 1 [a b]: 400
request analytics attempt 1 [c]: 200
a: dropped rejected, lane analytics, attempts 1, status 400
b: dropped rejected, lane analytics, attempts 1, status 400
c: delivered, lane analytics, attempts 1, status 200
stored c of 1 received
flush: complete, delivered 0, dropped 2, pending 0
flush: complete, delivered 1, dropped 0, pending 0
ledger: captured 3, delivered 1, unconfirmed 0, dropped 2, pending 0, requests 2, retries 0
)"};
}

Body queue_full() {
  return {.name = "QueueFull",
          .adjust = [](Options& options) { options.max_queue_size = 2; },
          .captures = {"a", "b", "c", "d"},
          .run =
              [](Arm& arm) {
                arm.flush();
                arm.capture("e");
                arm.flush();
              },
          .trace = R"(
POST /batch/ attempt 1 [a b] -> 200
POST /batch/ attempt 1 [e] -> 200
request analytics attempt 1 [a b]: 200
request analytics attempt 1 [e]: 200
a: delivered, lane analytics, attempts 1, status 200
b: delivered, lane analytics, attempts 1, status 200
c: dropped queue_full, lane analytics, attempts 0, status 0
d: dropped queue_full, lane analytics, attempts 0, status 0
e: delivered, lane analytics, attempts 1, status 200
stored a of 1 received
stored b of 1 received
stored e of 1 received
capture c: dropped
capture d: dropped
flush: complete, delivered 2, dropped 0, pending 0
flush: complete, delivered 1, dropped 0, pending 0
ledger: captured 5, delivered 3, unconfirmed 0, dropped 2, pending 0, requests 2, retries 0
)"};
}

Body oldest_evicted() {
  return {.name = "OldestEvicted",
          .adjust =
              [](Options& options) {
                options.max_queue_size = 2;
                options.queue_full = QueueFullPolicy::drop_oldest;
              },
          .captures = {"a", "b", "c"},
          .trace = R"(
POST /batch/ attempt 1 [b c] -> 200
request analytics attempt 1 [b c]: 200
a: dropped evicted, lane analytics, attempts 0, status 0
b: delivered, lane analytics, attempts 1, status 200
c: delivered, lane analytics, attempts 1, status 200
stored b of 1 received
stored c of 1 received
flush: complete, delivered 2, dropped 0, pending 0
ledger: captured 3, delivered 2, unconfirmed 0, dropped 1, pending 0, requests 1, retries 0
)"};
}

Body shutdown_with_a_stalled_server() {
  return {.name = "ShutdownWithAStalledServer",
          .script = {fault(http::Fault::no_answer)},
          .captures = {"a"},
          .run =
              [](Arm& arm) {
                arm.begin_flush();
                arm.wait_for_requests(1);
                arm.capture("b");
                arm.shutdown(100ms);
                arm.capture("late");
              },
          .trace = R"(
POST /batch/ attempt 1 [a] -> 200 no_answer
request analytics attempt 1 [a]: cancelled
a: dropped shutdown_deadline, lane analytics, attempts 1, status 0
b: dropped shutdown_deadline, lane analytics, attempts 0, status 0
shutdown: timed_out, delivered 0, dropped 2, pending 0
capture late: closed
ledger: captured 2, delivered 0, unconfirmed 0, dropped 2, pending 0, requests 1, retries 0
)"};
}

}  // namespace

std::vector<Body> limits_bodies() {
  return {too_large_is_split(), one_event_too_large(), rejected(),
          queue_full(),         oldest_evicted(),      shutdown_with_a_stalled_server()};
}

}  // namespace lockstep
