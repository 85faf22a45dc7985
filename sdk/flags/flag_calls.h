// Feature flag requests as a state machine: what the engine is for events, this is for flags.
//
// One call is one POST /flags?v=2 and its retries: on 502, 504 and transport errors, after
// flags_retry_backoff doubling; any other answer is final. No I/O, no clock, no lock. Looks at the
// status of an answer alone; its body is for whoever asked (flag_answer.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "clock/time.h"
#include "http/message.h"
#include "sdk/flags/flags.h"
#include "sdk/options.h"
#include "sdk/protocol/protocol.h"

namespace lockstep {

class FlagCalls {
 public:
  using CallNumber = std::uint64_t;

  struct Start {
    std::uint64_t request = 0;  // unique among the requests of these calls
    http::Request message;
    Instant deadline{};
  };

  // How a call ended: with the server's answer, or why there is none.
  using Ending = std::variant<http::Response, std::string>;

  struct Forgotten {
    std::optional<Ending> ending;            // nothing: the call was going on
    std::optional<std::uint64_t> in_flight;  // to be cancelled
  };

  explicit FlagCalls(const Options& options);

  // The message that asks. Reads nothing that changes, so it needs no lock.
  http::Request encode(const FlagRequest& request) const;

  CallNumber begin(http::Request message, Now now);
  // Starts what is due: first attempts and retries.
  void advance(Now now, std::vector<Start>& out);
  // A request ended. Ignored when its call was forgotten.
  void completed(std::uint64_t request, http::Result result, Now now);
  // Ends every call that goes on.
  void fail_all(const std::string& error);
  // Whether the call has ended.
  bool ended(CallNumber call) const;
  // Frees a call.
  Forgotten forget(CallNumber call);

  Instant next_wake() const noexcept;
  // The longest a call can take.
  Duration longest_call() const noexcept;

 private:
  struct Call {
    http::Request message;
    std::uint32_t attempt = 0;
    Instant next_at{};
    std::uint64_t in_flight = 0;  // 0: none
    std::optional<Ending> ending;
  };

  Duration backoff(std::uint32_t retry) const noexcept;

  ProtocolConfig protocol_;
  bool disable_geoip_;
  Duration timeout_;
  std::uint32_t max_retries_;
  Duration first_backoff_;
  std::map<CallNumber, Call> calls_;
  CallNumber next_call_ = 1;
  std::uint64_t next_request_ = 1;
};

}  // namespace lockstep
