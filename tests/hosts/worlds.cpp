#include "tests/hosts/worlds.h"

#include <utility>

#include "sdk/host/manual_host.h"
#include "sdk/host/sim_host.h"
#include "sdk/host/thread_host.h"
#include "sdk/transport/sim_transport.h"

namespace lockstep {

namespace {

std::shared_ptr<Host> make_host(HostKind kind, const std::shared_ptr<VirtualClock>& clock,
                                http::Handler& server) {
  auto chance = std::make_shared<const Chance>(1);
  auto network = std::make_unique<SimTransport>(*clock, server);
  switch (kind) {
    case HostKind::sim:
      return std::make_shared<SimHost>(clock, chance, std::move(network));
    case HostKind::manual:
      return std::make_shared<ManualHost>(clock, chance, std::move(network));
    case HostKind::thread:
      return std::make_shared<ThreadHost>(clock, chance, std::move(network));
  }
  return nullptr;
}

}  // namespace

http::Reply FunctionServer::handle(const http::Request& request, Now now) {
  std::size_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    number = seen_.size();
    seen_.push_back({request.url.path, now.at});
  }
  return answer_(request, number);
}

std::vector<Instant> FunctionServer::arrivals(std::string_view path) const {
  const std::lock_guard lock(mutex_);
  std::vector<Instant> times;
  for (const Seen& seen : seen_) {
    if (seen.path == path) times.push_back(seen.at);
  }
  return times;
}

http::Reply no_answer() {
  http::Reply reply;
  reply.fault = http::Fault::no_answer;
  return reply;
}

http::Reply answer(int status, std::string body) {
  http::Reply reply;
  reply.response.status = status;
  reply.response.body = std::move(body);
  return reply;
}

void PrintTo(HostKind kind, std::ostream* out) {
  *out << (kind == HostKind::sim ? "sim" : kind == HostKind::manual ? "manual" : "thread");
}

World::World(HostKind kind, http::Handler& server)
    : clock_(std::make_shared<VirtualClock>()),
      participant_(*clock_),
      host(make_host(kind, clock_, server)) {}

Options world_options() {
  Options options;
  options.api_key = "phc_hosts";
  options.host = "http://ingestion.test";
  options.flush_at = 1000;
  options.flush_interval = std::chrono::hours{1};
  options.max_batch_size = 1;
  options.request_timeout = std::chrono::seconds{60};
  return options;
}

}  // namespace lockstep
