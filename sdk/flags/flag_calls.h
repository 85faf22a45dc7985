// Feature flag requests as a state machine: what the engine is for events, this is for flags.
//
// One call is one POST /flags?v=2 and its retries: on 502, 504 and transport errors, after
// flags_retry_backoff doubling; any other answer is final. No I/O, no clock, no lock.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
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

  explicit FlagCalls(const Options& options);

  CallNumber begin(const FlagRequest& request, Now now);
  // Starts what is due: first attempts and retries.
  void advance(Now now, std::vector<Start>& out);
  // A request ended. Ignored when its call was forgotten.
  void completed(std::uint64_t request, const http::Result& result, Now now);
  // Fails every call that has no result.
  void fail_all(const std::string& error);
  // Nothing while the call goes on.
  const FlagResult* result(CallNumber call) const;
  // Frees a call; returns its request in flight, to be cancelled.
  std::optional<std::uint64_t> forget(CallNumber call);

  Instant next_wake() const noexcept;
  // The longest a call can take.
  Duration longest_call() const noexcept;

 private:
  struct Call {
    std::string key;
    http::Request message;
    std::uint32_t attempt = 0;
    Instant next_at{};
    std::uint64_t in_flight = 0;  // 0: none
    std::optional<FlagResult> result;
  };

  http::Request encode(const FlagRequest& request) const;
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

// Reads a /flags answer for one key. Understands `flags` (v2: enabled, variant, metadata.payload)
// and `featureFlags` with `featureFlagPayloads`.
FlagResult read_flag_response(const http::Response& response, const std::string& key);

}  // namespace lockstep
