// What a service does with the installed SDK alone: here against a server made of one function.
#include <lockstep/lockstep.h>

#include <cstdio>
#include <memory>

namespace {

class AlwaysOk final : public lockstep::http::Handler {
 public:
  lockstep::http::Reply handle(const lockstep::http::Request&, lockstep::Now) override {
    lockstep::http::Reply reply;
    reply.response.status = 200;
    reply.response.body = "{}";
    return reply;
  }
};

}  // namespace

int main() {
  AlwaysOk server;
  lockstep::Client client({.api_key = "phc_test", .host = "http://server.test"},
                          std::make_shared<lockstep::SimHost>(server));
  const bool accepted = client.capture("user-1", "order placed", {{"total", 42.5}}).ok() &&
                        client.capture("user-1", "order paid").ok();
  const lockstep::FlushReport report = client.flush();
  std::printf("delivered %d\n", static_cast<int>(report.delivered));
  return accepted && report.ok() && client.shutdown().ok() ? 0 : 1;
}
