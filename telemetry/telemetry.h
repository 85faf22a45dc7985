// Usage telemetry of a command-line tool: what was run and how it ended, over Segment's batch API.
//
//   int main(int argc, char** argv) {
//     telemetry::Telemetry telemetry({.endpoint = "https://telemetry.example.com",
//                                     .version = "1.2.0",
//                                     .anonymous_id = device_id(),
//                                     .opt_out = "MYTOOL_TELEMETRY"});
//     return telemetry::run_command(telemetry, [&] {
//       telemetry.command_started("objects browse", {"--query"});
//       return browse();
//     });
//   }
//
// The tool comes first: nothing here throws, waits (but for close(), which is bounded) or says a
// word, unless it is asked to.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "sdk/client.h"
#include "sdk/host/host.h"

namespace lockstep::telemetry {

// The events of a command's life. Those of flows are made by their names (flow.h).
inline constexpr std::string_view kCommandInvoked = "Command Invoked";
inline constexpr std::string_view kCommandCompleted = "Command Completed";

struct TelemetryOptions {
  std::string write_key{};     // of the Segment source; empty: the endpoint is a proxy that adds it
  std::string endpoint{};      // an origin; empty: telemetry is off
  std::string version{};       // of the tool
  std::string anonymous_id{};  // of the device; empty: telemetry is off
  std::string user_id{};       // empty: nobody is logged in
  // On every event, as are invocation_id, command, flags, sequence, version, operating_system and
  // is_ci. What a call site passes never overrides any of them, nor do these the latter.
  Properties base{};
  // An environment variable that switches telemetry off: 0, false, no, off. DO_NOT_TRACK=1 does so
  // for every tool.
  std::string opt_out{};
  bool debug = false;  // tells `log` of every event and of what became of it
  // Default: standard error. Called from any thread, one call at a time and under a lock: it must
  // not capture events itself.
  std::function<void(std::string_view line)> log{};
  // What closing may add to the program's end in all. The last 50 ms of it (of one below 100 ms,
  // its half) are not spent waiting: the thread, libcurl and the process have to end too.
  Duration close_timeout = std::chrono::milliseconds{500};
  std::function<const char*(const char*)> environment{};  // default: std::getenv
  std::shared_ptr<Host> host{};                           // default: the process's
  // Sees every event as it is captured, under a lock, and must not capture any: for the tests of a
  // tool.
  std::function<void(const Event&)> on_event{};
  // Has the last word on the client underneath: headers for a proxy, a trace in a simulation.
  std::function<void(Options&)> customise{};
};

// Thread-safe. One that is off (no endpoint, opted out, bad options) does nothing in every call.
class Telemetry {
 public:
  explicit Telemetry(TelemetryOptions options) noexcept;
  // close()
  ~Telemetry();
  Telemetry(const Telemetry&) = delete;
  Telemetry& operator=(const Telemetry&) = delete;

  bool enabled() const noexcept { return client_ != nullptr; }

  // Sets traits of the user or the device.
  void identify(const Properties& traits) noexcept;
  // Captures an event. `sequence` counts the events of this invocation from 1, without gaps, in the
  // order in which they were captured: (invocation_id, sequence) orders them exactly.
  void track(std::string_view event, const Properties& properties = {}) noexcept;

  // The command's path and the names of its flags, without their values. Captures kCommandInvoked.
  void command_started(std::string command, std::vector<std::string> flags = {}) noexcept;

  struct Ending {
    int exit_code = 0;
    std::exception_ptr error{};   // its class is sent, not its message
    std::string error_class{};    // in place of `error`, for errors that are no C++ exceptions
    bool user_cancelled = false;  // the user ended it
    Duration duration{0};
  };
  // Captures kCommandCompleted once; nothing where no command has started.
  void command_completed(const Ending& ending) noexcept;

  // Sends what was captured and returns within close_timeout, whatever the endpoint does. Events
  // that did not make it are lost. Later calls do nothing.
  void close() noexcept;

  // The monotonic time of the host, for durations; 0 where telemetry is off.
  Instant now() const noexcept;
  // The ledger of the client underneath; empty where telemetry is off.
  Stats stats() const noexcept;

 private:
  void open();
  Options client_options();
  Event event_of(std::string_view name, const Properties& properties) const;
  void capture(Event event);
  void say(std::string_view text) const noexcept;
  std::string variable(const std::string& name) const;
  std::optional<std::string> off_by() const;

  TelemetryOptions options_;
  std::shared_ptr<Host> host_;
  std::string invocation_id_;
  bool is_ci_ = false;
  std::unique_ptr<Client> client_;  // nullptr: off

  mutable std::mutex log_mutex_;
  mutable std::mutex mutex_;  // guards what follows, and makes sequence and capture one step
  std::uint64_t sequence_ = 0;
  std::string command_;
  std::vector<std::string> flags_;
  bool completed_ = false;
};

// Throw it through run_command() when the user ends the command.
class UserCancelled : public std::exception {
 public:
  const char* what() const noexcept override { return "cancelled by the user"; }
};

// Runs a command, which returns its exit code; says how it ended, if it had started; closes. What
// the command throws is thrown on, after that.
int run_command(Telemetry& telemetry, const std::function<int()>& command);

}  // namespace lockstep::telemetry
