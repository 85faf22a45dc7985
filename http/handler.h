// What answers a request: a server as a function, and the faults with which its answer may travel.
//
// A handler never waits and never breaks a connection itself: it says in the Reply what the network
// is to do. The simulated network and the HTTP front carry it out, so one handler serves both.
#pragma once

#include <cstddef>
#include <cstdint>

#include "clock/time.h"
#include "http/message.h"

namespace lockstep::http {

// How the answer fails to arrive whole. `none` is an answer that arrives.
enum class Fault {
  none,
  refuse_connection,  // the connect is refused; the handler did not process the request
  hang_connection,    // the connect never completes; not processed
  fail_resolution,    // the name does not resolve; not processed
  reset_before,       // the connection breaks before the server processed the request
  reset_after,    // the server processed the request, then the connection breaks without an answer
  no_answer,      // processed or not as the handler says; the connection stays open and silent
  truncate_body,  // the header and the first `fault_bytes` of the body, then the connection closes
  garbage,        // bytes that are not HTTP
  slow_body,      // the body drips at `fault_bytes` bytes a second
  endless_body,   // filler follows the body, `fault_bytes` bytes in all, as fast as it is read
};

struct Reply {
  Response response;
  Duration delay{0};  // between the request's arrival and the start of the answer
  Fault fault = Fault::none;
  std::uint64_t fault_bytes = 0;  // see Fault
};

class Handler {
 public:
  virtual ~Handler() = default;
  // `now` is the time of arrival. Must be thread-safe: an HTTP front calls it from several threads.
  virtual Reply handle(const Request& request, Now now) = 0;
};

}  // namespace lockstep::http
