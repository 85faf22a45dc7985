#include "adapter/adapter.h"

#include <array>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "adapter/answers.h"
#include "adapter/parse.h"

namespace lockstep::adapter {
namespace {

http::Response json_response(int status, std::string body) {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

// Answered with 503.
class Unavailable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

http::Response ok(std::string body) { return json_response(200, std::move(body)); }

// Says when a request began and ended in an instance, so that a long one does not count as idling.
class Use {
 public:
  explicit Use(InstancePtr instance) : instance_(std::move(instance)) { instance_->touch(); }
  ~Use() { instance_->touch(); }
  Use(const Use&) = delete;
  Use& operator=(const Use&) = delete;
  Instance* operator->() const noexcept { return instance_.get(); }

 private:
  InstancePtr instance_;
};

void end_all(const std::vector<InstancePtr>& instances) noexcept {
  for (const InstancePtr& instance : instances) instance->end();
}

AdapterOptions checked(AdapterOptions options) {
  if (options.clock == nullptr) {
    options.clock = std::shared_ptr<Clock>(options.host, &options.host->clock());
  }
  return options;
}

Compression codec_of(Compression configured) {
  return configured == Compression::none ? Compression::gzip : configured;
}

}  // namespace

// A request whose method, path and test id are in order.
struct Adapter::Call {
  const http::Request& request;
  std::string test_id;
  std::shared_ptr<Host> host = nullptr;  // what the client of the test id runs on

  std::string_view body() const noexcept { return request.body; }
  std::string_view query() const noexcept { return request.url.query; }
};

struct Adapter::Route {
  std::string_view method;
  std::string_view path;
  http::Response (Adapter::*answer)(const Call& call);
  bool is_step = true;  // of a test: in virtual time its time stands still meanwhile
};

namespace {

constexpr auto kMethods = std::to_array<std::string_view>({"GET", "POST", "DELETE"});

}  // namespace

const Adapter::Route* Adapter::route_to(std::string_view method, std::string_view path) noexcept {
  static constexpr auto kRoutes = std::to_array<Route>({
      {"GET", "/health", &Adapter::health, false},
      {"GET", "/state", &Adapter::state},
      {"POST", "/init", &Adapter::init},
      {"POST", "/capture", &Adapter::capture},
      {"POST", "/capture_ai", &Adapter::capture_ai},
      {"POST", "/flush", &Adapter::flush},
      {"POST", "/get_feature_flag", &Adapter::get_feature_flag},
      {"POST", "/reset", &Adapter::reset},
      {"POST", "/shutdown", &Adapter::shutdown},
      {"GET", "/clock", &Adapter::look_at_clock, false},
      {"POST", "/clock", &Adapter::move_clock, false},
      {"DELETE", "/clock", &Adapter::forget_clock, false},
  });
  for (const Route& route : kRoutes) {
    if (route.path == path && route.method == method) return &route;
  }
  return nullptr;
}

// For a path that is not there, or not with this method.
http::Response Adapter::refuse(std::string_view path) {
  std::string allowed;
  for (const std::string_view method : kMethods) {
    if (route_to(method, path) == nullptr) continue;
    allowed += (allowed.empty() ? "" : ", ") + std::string(method);
  }
  if (allowed.empty()) return json_response(404, answer_error("there is no such endpoint"));
  auto response = json_response(405, answer_error("this endpoint takes " + allowed));
  response.headers.add("Allow", allowed);
  return response;
}

Adapter::Adapter(AdapterOptions options)
    : options_(checked(std::move(options))),
      clocks_(options_.virtual_host, options_.instances),
      registry_(options_.instances) {}

Adapter::~Adapter() { close(); }

void Adapter::close() noexcept {
  end_all(registry_.close());
  clocks_.close();
}

std::shared_ptr<Client> Adapter::client(const std::string& test_id) const {
  InstancePtr instance = registry_.find(test_id);
  if (instance == nullptr) return nullptr;
  Client* client = &instance->client();
  return {std::move(instance), client};
}

http::Reply Adapter::handle(const http::Request& request, Now) {
  http::Reply reply;
  reply.response = answer(request);
  return reply;
}

http::Response Adapter::answer(const http::Request& request) {
  try {
    reclaim_idle();
    return dispatch(request);
  } catch (const BadRequest& error) {
    return json_response(400, answer_bad_request(error));
  } catch (const Unavailable& problem) {
    return json_response(503, answer_error(problem.what()));
  } catch (const std::exception&) {
    // What it says may hold a piece of the request, a secret perhaps.
    return json_response(500, answer_error("the adapter failed to serve this request"));
  }
}

http::Response Adapter::dispatch(const http::Request& request) {
  const Route* route = route_to(request.method, request.url.path);
  if (route == nullptr) return refuse(request.url.path);
  if (request.body.size() > options_.max_body_bytes) {
    return json_response(413, answer_error("the body is larger than " +
                                           std::to_string(options_.max_body_bytes) + " bytes"));
  }
  Call call{request, parse_test_id(request.url.query), options_.host};
  std::optional<SteppedHost::Call> in_progress;
  if (clocks_.are_virtual() && route->is_step) {
    SteppedHostPtr host = stepped_host(call.test_id);
    in_progress.emplace(host);
    call.host = std::move(host);
  }
  return (this->*route->answer)(call);
}

SteppedHostPtr Adapter::stepped_host(const std::string& test_id) {
  SteppedHostPtr host = clocks_.host(test_id, options_.clock->now());
  if (host == nullptr) throw Unavailable("too many test ids, and all of them are in use");
  return host;
}

InstancePtr Adapter::instance_of(const Call& call) const {
  InstancePtr instance = registry_.find(call.test_id);
  if (instance == nullptr) throw BadRequest("test_id", "has no client; POST /init makes one");
  return instance;
}

void Adapter::reclaim_idle() {
  const Instant now = options_.clock->now();
  end_all(registry_.take_idle(now));
  clocks_.forget_idle(now);
}

http::Response Adapter::health(const Call&) {
  return ok(answer_health(options_.capture, codec_of(options_.compression), clocks_.are_virtual()));
}

http::Response Adapter::init(const Call& call) {
  Options options = parse_init(call.body(), {options_.capture, options_.compression}, call.test_id);
  const std::string api_key = options.api_key;
  if (options_.customise) options_.customise(options);
  InstancePtr instance;
  try {
    instance =
        std::make_shared<Instance>(std::move(options), call.host, options_.clock, options_.record);
  } catch (const ConfigError& error) {
    throw bad_option(error, api_key);
  }
  auto [entry, displaced] = registry_.put(call.test_id, std::move(instance));
  end_all(displaced);
  switch (entry) {
    case Registry::Entry::made:
      break;
    case Registry::Entry::full:
      return json_response(503, answer_error("too many clients, and all of them are in use"));
    case Registry::Entry::closed:
      return json_response(503, answer_error("the adapter is closing"));
  }
  return ok(answer_success());
}

http::Response Adapter::capture(const Call& call) {
  Event event = parse_event(call.body());
  const Use instance(instance_of(call));
  return ok(answer_capture(instance->client().capture(std::move(event))));
}

http::Response Adapter::capture_ai(const Call& call) {
  Event event = parse_event(call.body());
  const Use instance(instance_of(call));
  return ok(answer_capture(instance->client().capture_ai(std::move(event))));
}

http::Response Adapter::flush(const Call& call) {
  const Duration timeout = parse_timeout(call.body(), call.query(), options_.flush_timeout);
  const Use instance(instance_of(call));
  return ok(answer_flush(instance->client().flush(timeout)));
}

http::Response Adapter::state(const Call& call) {
  InstancePtr found = registry_.find(call.test_id);
  if (found == nullptr) return ok(answer_state(nullptr));
  const Use instance(std::move(found));
  const InstanceState state = instance->state();
  return ok(answer_state(&state));
}

http::Response Adapter::get_feature_flag(const Call& call) {
  const FlagRequest request = parse_flag(call.body());
  const Use instance(instance_of(call));
  return ok(answer_flag(instance->client().get_feature_flag(request)));
}

http::Response Adapter::reset(const Call& call) {
  // The suite begins each test with it, also for a test id that nobody has seen.
  if (const InstancePtr instance = registry_.take(call.test_id)) instance->end();
  return ok(answer_success());
}

http::Response Adapter::shutdown(const Call& call) {
  const Duration timeout = parse_timeout(call.body(), call.query(), options_.shutdown_timeout);
  const Use instance(instance_of(call));
  return ok(answer_flush(instance->client().shutdown(timeout)));
}

http::Response Adapter::look_at_clock(const Call& call) {
  if (!clocks_.are_virtual()) return refuse({});
  return ok(answer_clock(stepped_host(call.test_id)->state({})));
}

http::Response Adapter::move_clock(const Call& call) {
  if (!clocks_.are_virtual()) return refuse({});
  const ClockRequest request = parse_clock(call.body());
  const SteppedHostPtr host = stepped_host(call.test_id);
  if (request.wall) host->set_wall(*request.wall);
  return ok(answer_clock(
      request.advance_to ? host->advance_to(*request.advance_to, request.outside, request.patience)
                         : host->settle(request.outside, request.patience)));
}

http::Response Adapter::forget_clock(const Call& call) {
  if (!clocks_.are_virtual()) return refuse({});
  if (const InstancePtr instance = registry_.take(call.test_id)) instance->end();
  clocks_.forget(call.test_id);
  return ok(answer_success());
}

}  // namespace lockstep::adapter
