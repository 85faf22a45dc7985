// What the verbs that serve have in common: listen, say so in one line, wait for a signal, stop.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "clock/clock.h"
#include "http/handler.h"

namespace CLI {
class App;
}

namespace lockstep::cli {

struct ServeOptions {
  explicit ServeOptions(std::string of_verb) : verb(std::move(of_verb)) {}

  std::string verb;                  // "adapter"
  std::string listen = "127.0.0.1";  // address
  std::uint16_t port = 0;            // 0: any free one
  std::string note;                  // the rest of the line, after the address
};

// --port and --listen.
void add_serve_options(CLI::App& verb, ServeOptions& options);

// Holds SIGINT and SIGTERM back in this thread and in those it starts from now on, so that a plain
// thread can wait for them and no code runs inside a signal handler. Make it before any thread.
class HeldSignals {
 public:
  HeldSignals();
  // Gives the thread its former mask back.
  ~HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  // Returns when one of them arrives.
  void wait() const;

 private:
  struct Masks;
  std::unique_ptr<Masks> masks_;
};

// Serves until a signal, calls `before_stop` (which ends what requests may be waiting for), stops,
// and returns the exit status: 1 with a message when it cannot listen.
int serve(http::Handler& handler, Clock& clock, const HeldSignals& signals,
          const ServeOptions& options, const std::function<void()>& before_stop = {});

}  // namespace lockstep::cli
