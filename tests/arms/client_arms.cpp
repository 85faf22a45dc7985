// The arms that hold a real Client, each on another host.

#include <utility>

#include "clock/system_clock.h"
#include "clock/virtual_clock.h"
#include "mockserver/http_front.h"
#include "sdk/client.h"
#include "sdk/host/sim_host.h"
#include "sdk/host/thread_host.h"
#include "tests/arms/arm.h"
#include "tests/arms/watched_server.h"

namespace lockstep {

namespace {

constexpr const char* kHost = "http://ingestion.test";
constexpr std::uint64_t kSeed = 1;

class ClientArm : public Arm {
 public:
  mock::Server& server() override { return server_.server; }
  void begin_flush() override { static_cast<void>(client_->begin_flush(kFlushTimeout)); }
  void wait_for_requests(std::size_t count) override { server_.wait_for_requests(count); }

 protected:
  explicit ClientArm(Clock& clock) : server_(clock) {}

  void open(Options options, std::shared_ptr<Host> host) {
    options.on_outcome = [this](const Outcome& outcome) { note(outcome); };
    options.on_request = [this](const RequestReport& report) {
      const std::string kind = report.error.substr(0, report.error.find(':'));
      note(RequestEnd{report.lane, report.attempt, report.status, kind, report.uuids});
    };
    client_ = std::make_unique<Client>(std::move(options), std::move(host));
  }
  // Before the host and whatever it stands on.
  void close() { client_.reset(); }

  CaptureResult do_capture(const std::string& name, Lane lane) override {
    Event event;
    event.name = name;
    event.distinct_id = "user";
    event.historical = lane == Lane::historical;
    return lane == Lane::ai ? client_->capture_ai(std::move(event))
                            : client_->capture(std::move(event));
  }
  FlushReport do_flush(Duration timeout) override { return client_->flush(timeout); }
  FlushReport do_shutdown(Duration timeout) override { return client_->shutdown(timeout); }
  Stats stats() override { return client_->stats(); }

  WatchedServer server_;

 private:
  std::unique_ptr<Client> client_;
};

class SimArm final : public ClientArm {
 public:
  explicit SimArm(Options options) : SimArm(std::make_shared<VirtualClock>(), std::move(options)) {}
  ~SimArm() override { close(); }

  std::string_view name() const override { return "sim host"; }
  void wait_for_requests(std::size_t count) override {
    while (server().request_count() < count) host_->run_until(host_->next_instant());
  }

 private:
  SimArm(std::shared_ptr<VirtualClock> clock, Options options)
      : ClientArm(*clock),
        host_(std::make_shared<SimHost>(clock, std::make_shared<const Chance>(kSeed),
                                        std::make_unique<SimTransport>(*clock, server_))) {
    options.host = kHost;
    open(std::move(options), host_);
  }

  std::shared_ptr<SimHost> host_;
};

class ThreadArm final : public ClientArm {
 public:
  explicit ThreadArm(Options options)
      : ThreadArm(std::make_shared<VirtualClock>(), std::move(options)) {}
  ~ThreadArm() override { close(); }

  std::string_view name() const override { return "thread host, virtual clock"; }

 private:
  ThreadArm(std::shared_ptr<VirtualClock> clock, Options options)
      : ClientArm(*clock),
        clock_(clock),
        participant_(*clock),
        host_(std::make_shared<ThreadHost>(clock, std::make_shared<const Chance>(kSeed),
                                           std::make_unique<SimTransport>(*clock, server_))) {
    options.host = kHost;
    open(std::move(options), host_);
  }

  std::shared_ptr<VirtualClock> clock_;
  // The body's own thread: time stands still while it does something.
  Participant participant_;
  std::shared_ptr<ThreadHost> host_;
};

class SocketArm final : public ClientArm {
 public:
  explicit SocketArm(Options options)
      : SocketArm(std::make_shared<SystemClock>(), std::move(options)) {}
  ~SocketArm() override { close(); }

  std::string_view name() const override { return "thread host, sockets"; }

 private:
  SocketArm(std::shared_ptr<SystemClock> clock, Options options)
      : ClientArm(*clock), clock_(clock), front_(server_, *clock) {
    front_.listen();
    CurlOptions curl;
    curl.no_proxy = "*";  // the environment's proxies are not for the loopback
    host_ = std::make_shared<ThreadHost>(clock, std::make_shared<const Chance>(kSeed),
                                         std::make_unique<CurlTransport>(*clock, curl));
    options.host = front_.origin();
    open(std::move(options), host_);
  }

  std::shared_ptr<SystemClock> clock_;
  mock::HttpFront front_;
  std::shared_ptr<ThreadHost> host_;
};

}  // namespace

std::unique_ptr<Arm> make_sim_arm(Options options) {
  return std::make_unique<SimArm>(std::move(options));
}
std::unique_ptr<Arm> make_thread_arm(Options options) {
  return std::make_unique<ThreadArm>(std::move(options));
}
std::unique_ptr<Arm> make_socket_arm(Options options) {
  return std::make_unique<SocketArm>(std::move(options));
}

}  // namespace lockstep
