// What most of these tests stand on: a simulation whose transport is a mock that lets everything
// through and remembers what was started.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sdk/client.h"
#include "sdk/host/sim_host.h"
#include "tests/seams/mocks.h"

namespace lockstep {

// A client that sends nothing by itself, one event to a request; the tests turn what they need.
inline Options quiet_options() {
  Options options;
  options.api_key = "phc_seams";
  options.host = "http://ingestion.test";
  options.flush_at = 100;
  options.max_batch_size = 1;
  options.flush_interval = std::chrono::hours{1};
  options.retry_jitter_percent = 0;
  return options;
}

class SeamBench {
 public:
  struct Started {
    TransferId id = 0;
    http::Request request;
    TransferLimits limits;
  };

  explicit SeamBench(std::unique_ptr<MockTransport> mock = std::make_unique<MockTransport>())
      : transport(*mock),
        clock(std::make_shared<VirtualClock>()),
        host(std::make_shared<SimHost>(clock, std::make_shared<const Chance>(1), std::move(mock))) {
    starts_ = NAMED_ALLOW_CALL(
                  transport, start(ANY(TransferId), ANY(http::Request), ANY(const TransferLimits&)))
                  .LR_SIDE_EFFECT(started.push_back({_1, std::move(_2), _3}));
    collects_ = NAMED_ALLOW_CALL(transport, collect()).LR_RETURN(std::exchange(finished_, {}));
    instants_ = NAMED_ALLOW_CALL(transport, next_instant())
                    .LR_RETURN(finished_.empty() ? kNever : clock->now());
  }

  // The transport will hand this over at its next collect().
  void finish(TransferId id, http::Result result) { finished_.push_back({id, std::move(result)}); }
  void finish(TransferId id, int status) {
    finish(id, http::Response{status, {}, R"({"status": 1})"});
  }

  MockTransport& transport;
  std::shared_ptr<VirtualClock> clock;
  std::shared_ptr<SimHost> host;
  std::vector<Started> started;  // in order

 private:
  std::vector<Completion> finished_;
  std::unique_ptr<trompeloeil::expectation> starts_;
  std::unique_ptr<trompeloeil::expectation> collects_;
  std::unique_ptr<trompeloeil::expectation> instants_;
};

}  // namespace lockstep
