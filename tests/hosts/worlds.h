// The three hosts, each in a world of virtual time with the same simulated network.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "clock/virtual_clock.h"
#include "http/handler.h"
#include "sdk/client.h"
#include "sdk/host/host.h"

namespace lockstep {

// A server made of a function; it remembers when each path was asked.
class FunctionServer final : public http::Handler {
 public:
  using Answer = std::function<http::Reply(const http::Request& request, std::size_t number)>;

  // `number` counts the requests from 0.
  explicit FunctionServer(Answer answer) : answer_(std::move(answer)) {}
  http::Reply handle(const http::Request& request, Now now) override;

  std::vector<Instant> arrivals(std::string_view path) const;

 private:
  struct Seen {
    std::string path;
    Instant at{};
  };
  Answer answer_;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
};

http::Reply no_answer();
http::Reply answer(int status = 200, std::string body = R"({"status": 1})");

enum class HostKind { sim, manual, thread };
void PrintTo(HostKind kind, std::ostream* out);

// A host and the thread of the test, which takes part in its time.
class World {
 public:
  World(HostKind kind, http::Handler& server);

  Instant now() const { return clock_->now(); }

 private:
  std::shared_ptr<VirtualClock> clock_;
  Participant participant_;

 public:
  const std::shared_ptr<Host> host;
};

// Sends only when flushed, one event to a request.
Options world_options();

}  // namespace lockstep
