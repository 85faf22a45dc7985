// Where a contract test runs: an SDK's adapter, which is told what to do, the mock server, which
// sees what comes of it, and the time they both live in.
//
// There are two: LocalStage (local_stage.h: our adapter, in process, virtual time) and HttpStage
// (http_stage.h: any adapter, over HTTP, real time or the adapter's virtual one). A stage serves
// one test and is then thrown away. One thread at a time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "clock/time.h"
#include "clock/trace.h"
#include "mockserver/server.h"
#include "scenarios/action.h"

namespace lockstep::contract {

// What an adapter answered.
struct Answer {
  int status = 0;
  std::string body;
  std::string problem;  // why there is no answer at all; empty: there is one
};

class Stage {
 public:
  virtual ~Stage() = default;

  // Sends a request to an endpoint of the adapter, with a JSON body where there is one, and waits
  // for its answer. The test's id is added. Never throws.
  virtual Answer call(std::string_view method, std::string_view path,
                      const std::optional<std::string>& body) = 0;

  // Lets time pass.
  virtual void wait(Duration time) = 0;

  // Lets time pass until nothing is due any more, at most `limit`. Nothing where time is real;
  // whether the SDK came to rest where it is virtual.
  virtual std::optional<bool> settle(Duration limit) = 0;

  // The time of this stage, which the mock's journal is written in.
  virtual Now now() const = 0;

  // The mock, and which of its partitions is this test's.
  virtual mock::Server& server() = 0;
  virtual const std::string& test_id() const = 0;
  // The mock's address, as the SDK is told it.
  virtual const std::string& mock_url() const = 0;

  // What this stage can say against the SDK beyond the test's own steps: a breach of the protocol,
  // a ledger that does not balance. Asked after the last step of a strict run.
  struct Breach {
    std::string law;
    scenario::Failure failure;
  };
  virtual std::optional<Breach> breach() { return std::nullopt; }

  // What else of the run is worth telling, in the words of the trace; nullptr where the stage
  // cannot look into the SDK.
  virtual Trace* trace() { return nullptr; }
};

}  // namespace lockstep::contract
