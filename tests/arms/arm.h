// An arm: one of the ways to run a client against the mock server. The same body runs in each, and
// what can be observed must be the same in all.
//
// The rule of this file: a body sees only this interface, and the trace holds nothing that may
// differ: no uuids, no dates, no texts of a transport; requests by path, because endpoints do not
// wait for each other; outcomes by event name.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "mockserver/server.h"
#include "sdk/options.h"
#include "sdk/report.h"

namespace lockstep {

class Arm {
 public:
  virtual ~Arm() = default;

  virtual std::string_view name() const = 0;
  virtual mock::Server& server() = 0;

  // Captures an event of that name; lanes other than analytics as a caller reaches them.
  void capture(const std::string& name, Lane lane = Lane::analytics);
  // Returns when the flush has ended; its report goes into the trace.
  void flush();
  // Starts a flush nobody waits for.
  virtual void begin_flush() = 0;
  void shutdown(Duration timeout);
  // Lets time pass until the server has seen so many requests in all.
  virtual void wait_for_requests(std::size_t count) = 0;

  // Everything observed, as text.
  std::string trace();
  // When the server saw each request, in the trace's order. Comparable between arms of virtual
  // time.
  std::vector<Instant> arrivals();

 protected:
  struct RequestEnd {
    Lane lane = Lane::analytics;
    std::uint32_t attempt = 0;
    int status = 0;
    std::string error;  // the kind of a transport's error
    std::vector<Uuid> uuids;
  };

  virtual CaptureResult do_capture(const std::string& name, Lane lane) = 0;
  virtual FlushReport do_flush(Duration timeout) = 0;
  virtual FlushReport do_shutdown(Duration timeout) = 0;
  virtual Stats stats() = 0;

  // What arms hear from their clients; from any thread.
  void note(const Outcome& outcome);
  void note(RequestEnd end);

 private:
  std::vector<mock::JournalEntry> journal();
  std::string request_lines();
  std::string report_lines();
  std::string outcome_lines();
  std::string stored_lines();
  std::string names(const std::vector<Uuid>& uuids);

  std::mutex mutex_;  // guards outcomes_ and ends_
  std::vector<Outcome> outcomes_;
  std::vector<RequestEnd> ends_;
  std::map<Uuid, std::string> names_;
  std::string calls_;  // lines about captures that were refused, flushes and shutdowns
};

// How long a body's flush may take: longer than anything it waits for.
inline constexpr Duration kFlushTimeout = std::chrono::seconds{30};

// Names an arm and makes it. `options` lack only the host.
struct ArmKind {
  std::string_view name;
  bool virtual_time = true;
  std::unique_ptr<Arm> (*make)(Options options) = nullptr;
};

// The engine and the protocols driven by hand: no client, no host, no transport.
std::unique_ptr<Arm> make_engine_arm(Options options);
// A client on a SimHost.
std::unique_ptr<Arm> make_sim_arm(Options options);
// A client on a ThreadHost whose time is virtual.
std::unique_ptr<Arm> make_thread_arm(Options options);
// A client on a ThreadHost, libcurl and the machine's clock, against the server on a loopback
// socket.
std::unique_ptr<Arm> make_socket_arm(Options options);

}  // namespace lockstep
