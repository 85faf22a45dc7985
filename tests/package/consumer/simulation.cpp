// What somebody who tests a service does with the installed harness: a server that fails once, in
// virtual time.
#include <lockstep/lockstep.h>
#include <lockstep/mockserver/server.h>

#include <cstdio>
#include <memory>

int main() {
  lockstep::mock::Server server({.strict = true});
  server.enqueue({{.status = 503}});
  lockstep::Client client({.api_key = "phc_test", .host = "http://server.test"},
                          std::make_shared<lockstep::SimHost>(server));
  const bool accepted = client.capture("user-1", "order placed", {{"total", 42.5}}).ok() &&
                        client.capture("user-1", "order paid").ok();
  const bool flushed = client.flush().ok();
  std::printf("stored %d after %d requests\n", static_cast<int>(server.stored().size()),
              static_cast<int>(server.request_count()));
  return accepted && flushed && server.violations().empty() ? 0 : 1;
}
