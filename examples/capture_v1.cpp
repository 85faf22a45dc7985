// PostHog's protocol with an answer per event.
//   capture_v1 [HOST] [API_KEY]
#include <lockstep/lockstep.h>

#include <iostream>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  lockstep::Client client({.api_key = argc > 2 ? argv[2] : "phc_example",
                           .host = argc > 1 ? argv[1] : "http://127.0.0.1:8081",
                           .capture = lockstep::Capture::v1});
  client.identify("user-1", {{"email", "ada@example.com"}});
  client.capture("user-1", "order placed", {{"total", 42.5}});
  const lockstep::FlushReport report = client.shutdown(2s);
  std::cout << report.delivered << " delivered, " << report.dropped << " dropped\n";
  return report.ok() ? 0 : 1;
}
