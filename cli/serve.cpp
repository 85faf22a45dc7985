#include "cli/serve.h"

#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <iostream>

#include "cli/verbs.h"
#include "mockserver/http_front.h"

namespace lockstep::cli {

void add_serve_options(CLI::App& verb, ServeOptions& options) {
  verb.add_option("--port", options.port, "Port; 0 takes any free one and prints it")->required();
  verb.add_option("--listen", options.listen, "Address")->capture_default_str();
}

struct HeldSignals::Masks {
  sigset_t held{};
  sigset_t former{};
};

HeldSignals::HeldSignals() : masks_(std::make_unique<Masks>()) {
  sigemptyset(&masks_->held);
  sigaddset(&masks_->held, SIGINT);
  sigaddset(&masks_->held, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &masks_->held, &masks_->former);
}

HeldSignals::~HeldSignals() { pthread_sigmask(SIG_SETMASK, &masks_->former, nullptr); }

void HeldSignals::wait() const {
  int signal = 0;
  sigwait(&masks_->held, &signal);
}

int serve(http::Handler& handler, Clock& clock, const HeldSignals& signals,
          const ServeOptions& options, const std::function<void()>& before_stop) {
  mock::HttpFront front(handler, clock);
  try {
    front.listen(options.listen, options.port);
  } catch (const std::exception& error) {
    std::cerr << "lockstep " << options.verb << ": cannot listen on " << options.listen << ':'
              << options.port << ": " << error.what() << '\n';
    return kFailed;
  }
  // Flushed at once: whoever started the program waits for this line to learn the port.
  std::cout << "lockstep " << options.verb << ": listening on " << front.origin() << options.note
            << std::endl;
  signals.wait();
  if (before_stop) before_stop();
  front.stop();
  return kPassed;
}

}  // namespace lockstep::cli
