// A retry, watched in virtual time: the server answers 503, 503, 200, and no test waits for it.
#include <lockstep/lockstep.h>
#include <lockstep/mockserver/server.h>

#include <iostream>

int main() {
  lockstep::mock::Server server;
  server.enqueue({{.status = 503}, {.status = 503}, {.status = 200}});
  auto host = std::make_shared<lockstep::SimHost>(server);
  lockstep::Client client({.api_key = "phc_x", .host = "http://ingest.test"}, host);
  client.capture("user-1", "order placed");
  const auto report = client.flush();  // pumps the simulation: milliseconds of virtual time
  for (const auto& request : server.journal()) std::cout << request.to_text() << "\n";
  return report.ok() ? 0 : 1;
}
