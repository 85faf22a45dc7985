// Sends single requests on a host, for what is not an event: the flag providers' questions.
//
// The same transport, clock and turn as a client's; no thread and no retry of its own. An answer
// can be waited for (send) or heard of (start), and at one instant a task can be run (run_at),
// which is what a poller is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "clock/time.h"
#include "http/message.h"

namespace lockstep {

class Host;
class RequesterCore;
class Trace;

struct RequesterOptions {
  Duration timeout = std::chrono::seconds{10};  // of a request, from its start to its whole answer
  Duration connect_timeout = std::chrono::seconds{5};
  std::size_t max_response_bytes = 4 << 20;  // a longer body is a transport error
  Trace* trace = nullptr;    // records each request and answer; must outlive the requester
  std::string trace_name{};  // what the trace calls it; default: its number on its host
};

// Thread-safe, except that nothing may be called while it is being destroyed.
class Requester {
 public:
  // Called on the host's thread, or in the call that pumps a sim or manual host. Must not throw.
  using Answered = std::function<void(http::Result)>;
  using Task = std::function<void()>;

  // A null host: the process's shared thread host.
  Requester(RequesterOptions options, std::shared_ptr<Host> host);
  // Cancels what is in flight; nothing is called afterwards.
  ~Requester();
  Requester(const Requester&) = delete;
  Requester& operator=(const Requester&) = delete;

  // Sends all of them at once and waits for the answers, which are in the order of the requests.
  // From a callback of the host, after close(), and in a forked child: does not wait, `cancelled`.
  std::vector<http::Result> send(std::vector<http::Request> requests);

  // Sends one and returns.
  void start(http::Request request, Answered answered);

  // Runs the task once, at `at`; replaces the one that was to run. kNever: none.
  void run_at(Instant at, Task task);

  // Cancels what is in flight (whoever waits gets `cancelled`, started ones hear nothing more) and
  // refuses further requests. Idempotent.
  void close() noexcept;

  Host& host() const noexcept { return *host_; }

 private:
  std::shared_ptr<Host> host_;
  std::shared_ptr<RequesterCore> core_;
};

}  // namespace lockstep
