// The line to an adapter under test: its endpoints, asked over HTTP, and its virtual clock where it
// has one (docs/adapter-clock.md).
//
// The rule: an adapter is somebody else's program and may do anything. Every wait has an end, every
// answer a greatest size, and what goes wrong is told in words that name the adapter.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

#include "clock/system_clock.h"
#include "http/url.h"
#include "scenarios/contract/stage.h"
#include "sdk/transport/curl_transport.h"

namespace lockstep::contract {

struct LinkOptions {
  Duration connect_timeout = std::chrono::seconds{5};
  Duration call_timeout = std::chrono::seconds{300};  // of one call, from its start
  std::size_t max_answer_bytes =
      std::size_t{16} * 1024 * 1024;  // a larger one is not read to its end
  // Calls share a connection. Only for an adapter that is never idle for long: one that closes an
  // idle connection does so without a word, perhaps just when the next call leaves.
  bool keep_alive = false;
};

// The adapter did not do what it has to; says which one and what.
class AdapterError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What GET /health says.
struct Health {
  std::string sdk_name;
  std::string sdk_version;
  std::string adapter_version;
  bool supports_parallel = false;
  std::set<std::string> capabilities;
  bool has_virtual_clock = false;
};

// What /clock says.
struct ClockState {
  std::int64_t now_ms = 0;
  std::optional<std::int64_t> next_ms;  // when something is due; nothing: never
  std::size_t in_flight = 0;
  std::uint64_t calls = 0;
  std::size_t waiting = 0;
  bool quiet = false;
};

// Each member is left out where it has no value.
struct ClockStep {
  std::optional<std::int64_t> advance_to_ms;
  std::optional<std::int64_t> wall_ms;
  std::optional<std::uint64_t> calls;
  std::optional<std::size_t> held;
  std::optional<std::int64_t> max_wait_ms;
};

// One thread. Several calls may be under way.
class AdapterLink {
 public:
  using CallId = TransferId;

  // `base` is where the adapter's endpoints are.
  AdapterLink(http::Url base, LinkOptions options);

  // Starts a call; `test_id` goes into the query unless it is empty.
  CallId start(std::string_view method, std::string_view path,
               const std::optional<std::string>& body, std::string_view test_id);
  // Whether it has ended. Does not wait.
  bool ended(CallId call);
  // Waits for its end.
  Answer finish(CallId call);
  // Hangs up on it.
  void abandon(CallId call);
  // "the adapter at http://... asked POST /flush", to begin an error text with.
  const std::string& asked(CallId call) const { return calls_.at(call).asked; }
  // start() and finish().
  Answer call(std::string_view method, std::string_view path,
              const std::optional<std::string>& body, std::string_view test_id);

  // These throw AdapterError.
  Health health();
  ClockState step_clock(const ClockStep& step, std::string_view test_id);
  void forget_clock(std::string_view test_id);

 private:
  void collect();
  std::string asked(std::string_view method, std::string_view path) const;

  const http::Url base_;
  const LinkOptions options_;
  SystemClock clock_;
  CurlTransport transport_;
  TransferId last_call_ = 0;
  struct Pending {
    std::string asked;
    std::optional<Answer> answer;
  };
  std::map<CallId, Pending> calls_;
};

}  // namespace lockstep::contract
