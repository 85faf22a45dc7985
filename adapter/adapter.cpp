#include "adapter/adapter.h"

#include <array>
#include <exception>
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

Compression codec_of(Compression configured) {
  return configured == Compression::none ? Compression::gzip : configured;
}

}  // namespace

// A request whose method, path and test id are in order.
struct Adapter::Call {
  const http::Request& request;
  std::string test_id;

  std::string_view body() const noexcept { return request.body; }
  std::string_view query() const noexcept { return request.url.query; }
};

struct Adapter::Route {
  std::string_view path;
  std::string_view method;
  http::Response (Adapter::*answer)(const Call& call);
};

const Adapter::Route* Adapter::route_to(std::string_view path) noexcept {
  static constexpr auto kRoutes = std::to_array<Route>({
      {"/health", "GET", &Adapter::health},
      {"/state", "GET", &Adapter::state},
      {"/init", "POST", &Adapter::init},
      {"/capture", "POST", &Adapter::capture},
      {"/capture_ai", "POST", &Adapter::capture_ai},
      {"/flush", "POST", &Adapter::flush},
      {"/get_feature_flag", "POST", &Adapter::get_feature_flag},
      {"/reset", "POST", &Adapter::reset},
      {"/shutdown", "POST", &Adapter::shutdown},
  });
  for (const Route& route : kRoutes) {
    if (route.path == path) return &route;
  }
  return nullptr;
}

Adapter::Adapter(AdapterOptions options)
    : options_(std::move(options)), registry_(options_.instances) {}

Adapter::~Adapter() { close(); }

void Adapter::close() noexcept { end_all(registry_.close()); }

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
  } catch (const std::exception&) {
    // What it says may hold a piece of the request, a secret perhaps.
    return json_response(500, answer_error("the adapter failed to serve this request"));
  }
}

http::Response Adapter::dispatch(const http::Request& request) {
  const Route* route = route_to(request.url.path);
  if (route == nullptr) return json_response(404, answer_error("there is no such endpoint"));
  if (request.method != route->method) {
    auto response =
        json_response(405, answer_error("this endpoint takes " + std::string(route->method)));
    response.headers.add("Allow", std::string(route->method));
    return response;
  }
  if (request.body.size() > options_.max_body_bytes) {
    return json_response(413, answer_error("the body is larger than " +
                                           std::to_string(options_.max_body_bytes) + " bytes"));
  }
  return (this->*route->answer)(Call{request, parse_test_id(request.url.query)});
}

InstancePtr Adapter::instance_of(const Call& call) const {
  InstancePtr instance = registry_.find(call.test_id);
  if (instance == nullptr) throw BadRequest("test_id", "has no client; POST /init makes one");
  return instance;
}

void Adapter::reclaim_idle() { end_all(registry_.take_idle(options_.host->clock().now())); }

http::Response Adapter::health(const Call&) {
  return ok(answer_health(options_.capture, codec_of(options_.compression)));
}

http::Response Adapter::init(const Call& call) {
  Options options = parse_init(call.body(), {options_.capture, options_.compression}, call.test_id);
  const std::string api_key = options.api_key;
  if (options_.customise) options_.customise(options);
  InstancePtr instance;
  try {
    instance = std::make_shared<Instance>(std::move(options), options_.host, options_.record);
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

}  // namespace lockstep::adapter
