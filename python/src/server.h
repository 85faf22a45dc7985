// The scripted mock server as Python drives it: for a simulation, or behind a real socket.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "callable.h"
#include "mockserver/server.h"

namespace lockstep::python {

// Thread-safe, as the server is.
class ScriptedServer {
 public:
  explicit ScriptedServer(mock::ServerOptions options);

  mock::Server& server() noexcept { return server_; }

  // A function from a request to what step() made of a response, or to None for the script; it
  // never raises. nullptr takes it away.
  void set_responder(CallablePtr responder);
  // What times of arrival count from: the beginning of the simulation, or of listening.
  void set_origin(Instant origin) noexcept { origin_ = origin; }

  py::list requests() const;
  py::list stored() const;

 private:
  std::optional<mock::Step> respond(const mock::ParsedRequest& request);

  mock::Server server_;
  std::atomic<Instant> origin_{Instant{}};
  std::mutex mutex_;  // guards what follows
  CallablePtr responder_;
  std::uint64_t asked_ = 0;
  std::map<std::string, std::uint64_t> carried_;  // by uuid of the first event
};

// A step from a status, a Response (lockstep/_results.py) or a dict as the server's JSON scripts
// have it. Throws TypeError, or ValueError with what is wrong and where.
mock::Step step_from(py::handle answer);
// The fault of that name; throws ValueError.
http::Fault fault_from(const std::string& name);

}  // namespace lockstep::python
