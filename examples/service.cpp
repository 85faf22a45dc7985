// A service that captures an event and leaves nothing behind when it ends.
//   service [HOST] [API_KEY]
#include <lockstep/lockstep.h>

#include <iostream>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  lockstep::Client client({.api_key = argc > 2 ? argv[2] : "phc_example",
                           .host = argc > 1 ? argv[1] : "http://127.0.0.1:8081"});
  client.capture("user-1", "order placed", {{"total", 42.5}, {"currency", "EUR"}});
  const lockstep::FlushReport report = client.shutdown(2s);  // or let the destructor do it
  std::cout << report.delivered << " delivered, " << report.dropped << " dropped\n";
  return report.ok() ? 0 : 1;
}
