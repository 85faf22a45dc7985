// Events as browsers and devices send them: each names the project and the person itself.
//   capture_client [HOST] [API_KEY]
#include <lockstep/lockstep.h>

#include <iostream>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  lockstep::Client client({.api_key = argc > 2 ? argv[2] : "phc_example",
                           .host = argc > 1 ? argv[1] : "http://127.0.0.1:8081",
                           .capture = lockstep::Capture::client,
                           .is_server = false});
  client.capture("device-1", "$screen", {{"$screen_name", "Basket"}});
  client.capture("device-1", "order placed", {{"total", 42.5}});
  const lockstep::FlushReport report = client.shutdown(2s);
  std::cout << report.delivered << " delivered, " << report.dropped << " dropped\n";
  return report.ok() ? 0 : 1;
}
