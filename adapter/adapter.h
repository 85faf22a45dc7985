// The compliance adapter: PostHog's shared SDK suite drives the SDK through it, one HTTP request a
// step. A function from request to response over clients; no socket is needed to use it.
//
//   GET /health   GET /state   POST /init /capture /capture_ai /flush /get_feature_flag /reset
//   /shutdown   GET POST DELETE /clock
//
// Each takes ?test_id=: every test id has a client of its own, whose requests carry it as
// X-Test-Id. A wrong request gets 400 {error, field} and changes nothing. Delivery that fails is no
// error here: /flush answers 200 and says in its report what became of the events.
//
// /state is about events. A request for a flag has its answer in /get_feature_flag's and is neither
// in requests_made and total_requests nor in last_error; the suite looks there for the requests
// that carried a uuid.
//
// /clock (docs/adapter-clock.md) is there where test ids live in virtual time, which a driver
// moves.
//
// The rule: nothing here waits while it holds a lock, so tests that run side by side cannot stall
// each other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/clocks.h"
#include "adapter/registry.h"
#include "http/handler.h"
#include "sdk/host/host.h"
#include "sdk/options.h"

namespace lockstep::adapter {

struct AdapterOptions {
  // Runs all clients. Required, unless `virtual_host` is there.
  std::shared_ptr<Host> host;
  // Makes a host for each test id, whose time /clock moves. Called from any thread.
  Clocks::Make virtual_host;
  // By which a client is idle, and time is real. Default: the host's; required without one.
  std::shared_ptr<Clock> clock;
  // What /health declares and clients speak, unless /init says otherwise.
  Capture capture = Capture::v0;
  // The codec that enable_compression turns on; none means gzip.
  Compression compression = Compression::none;
  // Called with the options of each new client before it is made. For tests, which add hooks; the
  // adapter's own observers come first.
  std::function<void(Options&)> customise;
  RegistryLimits instances;
  RecordLimits record;
  std::size_t max_body_bytes = 8 << 20;                  // of a request; a larger one gets 413
  Duration flush_timeout = std::chrono::seconds{30};     // where /flush names none
  Duration shutdown_timeout = std::chrono::seconds{10};  // where /shutdown names none
};

// Thread-safe where the host is. With a SimHost: one thread.
class Adapter final : public http::Handler {
 public:
  explicit Adapter(AdapterOptions options);
  // close().
  ~Adapter() override;
  Adapter(const Adapter&) = delete;
  Adapter& operator=(const Adapter&) = delete;

  // Waits for as long as the SDK call behind the endpoint does. The reply never has a fault.
  http::Reply handle(const http::Request& request, Now now) override;

  // Ends all clients with a deadline of zero, so that requests that wait in handle() return, and
  // answers 503 to /init from now on. Idempotent.
  void close() noexcept;

  // The client behind a test id ("" where requests carry none); nullptr when there is none. For a
  // driver in this process: it reaches what has no endpoint, such as begin_flush() and opt_out().
  InstancePtr instance(const std::string& test_id) const { return registry_.find(test_id); }

  // The client of a test id, for callers in the same process that want more of it than the
  // endpoints offer; nullptr when there is none. Sharing it keeps its instance from being
  // reclaimed.
  std::shared_ptr<Client> client(const std::string& test_id) const;

  // How many clients there are.
  std::size_t instances() const { return registry_.size(); }

 private:
  struct Call;
  struct Route;

  static const Route* route_to(std::string_view method, std::string_view path) noexcept;
  static http::Response refuse(std::string_view path);
  http::Response answer(const http::Request& request);
  http::Response dispatch(const http::Request& request);
  InstancePtr instance_of(const Call& call) const;
  void reclaim_idle();
  SteppedHostPtr stepped_host(const std::string& test_id);

  http::Response health(const Call& call);
  http::Response init(const Call& call);
  http::Response capture(const Call& call);
  http::Response capture_ai(const Call& call);
  http::Response flush(const Call& call);
  http::Response state(const Call& call);
  http::Response get_feature_flag(const Call& call);
  http::Response reset(const Call& call);
  http::Response shutdown(const Call& call);
  http::Response look_at_clock(const Call& call);
  http::Response move_clock(const Call& call);
  http::Response forget_clock(const Call& call);

  const AdapterOptions options_;
  Clocks clocks_;
  Registry registry_;
};

}  // namespace lockstep::adapter
