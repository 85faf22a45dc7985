#include "tests/schedules/workload.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "clock/chance.h"
#include "clock/virtual_clock.h"
#include "http/handler.h"
#include "sdk/client.h"
#include "sdk/host/thread_host.h"
#include "sdk/transport/sim_transport.h"
#include "tests/schedules/scheduler.h"

namespace lockstep::schedules {

namespace {

using std::chrono::milliseconds;
using Broken = std::function<void(const std::string&)>;

constexpr Stream kShape{"shape"};
constexpr Stream kOperation{"operation"};
constexpr Stream kServer{"server"};
constexpr std::string_view kOther = "X-Other";  // the header of the second client's requests

// Answers with trouble now and then, and counts.
class Server final : public http::Handler {
 public:
  explicit Server(const Chance& chance) : chance_(chance) {}

  http::Reply handle(const http::Request& request, Now) override {
    const std::uint64_t number = requests_++;
    ++(request.headers.get(kOther) ? arrivals_of_other_ : arrivals_of_first_);
    http::Reply reply;
    reply.response.status = 200;
    reply.response.body = R"({"status":1})";
    switch (chance_.below({kServer, number, 0}, 6)) {
      case 0:
        reply.response.status = 503;
        break;
      case 1:
        reply.fault = http::Fault::no_answer;
        break;
      case 2:
        reply.fault = http::Fault::reset_after;
        break;
      default:
        break;
    }
    return reply;
  }
  std::uint64_t arrivals_of_first() const noexcept { return arrivals_of_first_; }
  std::uint64_t arrivals_of_other() const noexcept { return arrivals_of_other_; }

 private:
  const Chance& chance_;
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> arrivals_of_first_{0};
  std::atomic<std::uint64_t> arrivals_of_other_{0};
};

// Each event's end, as the client's callback tells it.
class Ends {
 public:
  void note(const Outcome& outcome) {
    const std::scoped_lock lock(mutex_);
    ++ends_[outcome.uuid];
  }
  bool all_once() const {
    return std::all_of(ends_.begin(), ends_.end(), [](const auto& one) { return one.second == 1; });
  }
  bool has(const Uuid& uuid) const {
    const std::scoped_lock lock(mutex_);
    return ends_.contains(uuid);
  }

 private:
  mutable std::mutex mutex_;
  std::map<Uuid, int> ends_;
};

// One run: everything that its threads share.
class Run {
 public:
  Run(std::uint64_t seed, const Broken& broken)
      : chance_(std::make_shared<const Chance>(seed)), broken_(broken), server_(*chance_) {}

  void go() {
    clock_->on_deadlock([this](const std::string& what) { broken_(what); });
    const Participant main_thread(*clock_);
    auto host = std::make_shared<ThreadHost>(clock_, chance_,
                                             std::make_unique<SimTransport>(*clock_, server_));
    client_ = std::make_shared<Client>(options(), host);
    if (shape("second client", 3) == 0) begin_other(host);
    if (shape("main lets go of the host", 2) == 0) host.reset();

    std::vector<std::thread> producers;
    const std::uint64_t count = 1 + shape("producers", 3);
    for (std::uint64_t i = 0; i < count; ++i) {
      producers.emplace_back([this, i, client = client_, seat = Seat(*clock_)]() mutable {
        const Participant participant(std::move(seat));
        produce(i, *client);
        // Whoever comes last is the one who destroys it.
        client.reset();
        const std::scoped_lock lock(mutex_);
        ++finished_;
        clock_->notify(all_finished_);
      });
    }
    callback_client_ = client_.get();
    client_.reset();
    end_other();
    {
      std::unique_lock lock(mutex_);
      clock_->await(lock, all_finished_, kNever, [&] { return finished_ == count; });
    }
    for (std::thread& producer : producers) producer.join();
    let_go(std::move(host));
    judge();
  }

 private:
  std::uint64_t shape(std::string_view what, std::uint64_t bound) const {
    return chance_->below({kShape, std::hash<std::string_view>{}(what), 0}, bound);
  }

  Options plain_options() const {
    Options options;
    options.api_key = "phc_schedules";
    options.host = "http://ingest.test";
    options.flush_at = 1 + shape("flush_at", 3);
    options.flush_interval = milliseconds{20};
    options.retry_initial_backoff = milliseconds{5};
    options.max_retries = 2;
    options.request_timeout = milliseconds{30};
    options.shutdown_timeout = milliseconds{40 * shape("destructor's time", 3)};
    return options;
  }

  Options options() {
    Options options = plain_options();
    options.max_queue_size = 2 + shape("queue", 3);
    constexpr QueueFullPolicy kPolicies[] = {QueueFullPolicy::drop_newest,
                                             QueueFullPolicy::drop_oldest, QueueFullPolicy::block};
    options.queue_full = kPolicies[shape("policy", 3)];
    options.max_block = milliseconds{15};
    options.on_outcome = [this, calls = shape("callback", 6)](const Outcome& outcome) {
      ends_.note(outcome);
      if (calls < 3 && !called_back_.exchange(true)) call_back(calls);
      if (calls == 3) throw std::runtime_error("an observer failed");
      if (calls == 4) end_other();
    };
    return options;
  }

  void begin_other(const std::shared_ptr<Host>& host) {
    Options options = plain_options();
    options.headers.emplace_back(kOther, "1");
    options.on_outcome = [this](const Outcome& outcome) { ends_.note(outcome); };
    other_ = std::make_unique<Client>(std::move(options), host);
    of_other_ = other_->capture("u", "of the other").uuid;
    static_cast<void>(other_->begin_flush(milliseconds{10}));
  }

  // By the main thread, or by the first client's observer before it.
  void end_other() {
    std::unique_ptr<Client> ending;
    {
      const std::scoped_lock lock(mutex_);
      ending = std::move(other_);
    }
    if (ending == nullptr) return;
    ending.reset();
    other_closed_at_ = server_.arrivals_of_other();
  }

  // Whoever lets go of a host last waits for its thread.
  void let_go(std::shared_ptr<ThreadHost> host) {
    const bool is_last = host.use_count() == 1;
    host.reset();
    if (is_last && others() > 0) broken_("a host is gone, and its thread is not");
  }

  // From inside a callback, where nothing can be waited for.
  void call_back(std::uint64_t what) {
    Client* client = callback_client_.load();
    if (client == nullptr) return;
    if (what == 0) static_cast<void>(client->flush(milliseconds{10}));
    if (what == 1) static_cast<void>(client->shutdown(milliseconds{10}));
    if (what == 2) note(client->capture("u", "from a callback"));
  }

  void produce(std::uint64_t thread, Client& client) {
    const std::uint64_t operations = 1 + chance_->below({kOperation, thread, 0}, 5);
    for (std::uint64_t i = 1; i <= operations; ++i) {
      const std::uint64_t what = chance_->below({kOperation, thread, 2 * i}, 12);
      const milliseconds time{10 * chance_->below({kOperation, thread, 2 * i + 1}, 4)};
      if (what < 7) {
        note(client.capture("u", "e"));
      } else if (what < 9) {
        flush(client, time);
      } else if (what < 10) {
        shut_down(client, time);
      } else if (what < 11) {
        static_cast<void>(client.begin_flush(time));
      } else if (!client.stats().total().balances()) {
        broken_("the ledger does not balance");
      }
    }
  }

  void note(const CaptureResult& result) {
    if (result.admission != Admission::accepted) return;
    const std::scoped_lock lock(mutex_);
    accepted_.push_back(result.uuid);
  }

  // Every event that had been accepted by then has ended when the report says so.
  void flush(Client& client, Duration time) {
    std::unique_lock lock(mutex_);
    const std::vector<Uuid> before = accepted_;
    lock.unlock();
    const Instant begun = clock_->now();
    const FlushReport report = in_time("flush", time, [&] { return client.flush(time); });
    if (report.status == FlushStatus::timed_out && clock_->now() - begun < time) {
      broken_("flush timed out before its deadline");
    }
    if (report.status != FlushStatus::complete) return;
    if (report.pending != 0) broken_("a complete flush tells of pending events");
    for (const Uuid& uuid : before) {
      if (!ends_.has(uuid)) broken_("flush is complete without event " + uuid.to_string());
    }
  }

  void shut_down(Client& client, Duration time) {
    const FlushReport report = in_time("shutdown", time, [&] { return client.shutdown(time); });
    if (report.pending != 0) broken_("shutdown returned with events pending");
    const std::uint64_t then = server_.arrivals_of_first();
    if (client.capture("u", "late").admission != Admission::closed) {
      broken_("an event was captured after shutdown");
    }
    closed_at_ = then;
  }

  template <typename Call>
  FlushReport in_time(const std::string& name, Duration time, const Call& call) {
    const Instant begun = clock_->now();
    const FlushReport report = call();
    if (clock_->now() - begun > time) broken_(name + " did not return by its deadline");
    return report;
  }

  void judge() const {
    if (!ends_.all_once()) broken_("an event ended twice");
    if (of_other_ != Uuid{} && !ends_.has(of_other_)) broken_("the other's event has no outcome");
    // Who captures learns of a refusal there and then; its outcome may be left out.
    for (const Uuid& uuid : accepted_) {
      if (!ends_.has(uuid)) broken_("event " + uuid.to_string() + " has no outcome");
    }
    if (closed_at_ != kNotClosed && server_.arrivals_of_first() != closed_at_) {
      broken_("a request arrived after shutdown returned");
    }
    if (other_closed_at_ != kNotClosed && server_.arrivals_of_other() != other_closed_at_) {
      broken_("a request arrived of a client that was destroyed");
    }
  }

  static constexpr std::uint64_t kNotClosed = UINT64_MAX;

  const std::shared_ptr<const Chance> chance_;
  const Broken& broken_;
  Server server_;
  Ends ends_;
  const std::shared_ptr<VirtualClock> clock_ = std::make_shared<VirtualClock>();
  std::mutex mutex_;
  Condition all_finished_;
  std::uint64_t finished_ = 0;  // producers
  std::shared_ptr<Client> client_;
  std::unique_ptr<Client> other_;
  Uuid of_other_;
  std::atomic<Client*> callback_client_{nullptr};
  std::atomic<bool> called_back_{false};
  std::vector<Uuid> accepted_;
  std::atomic<std::uint64_t> closed_at_{kNotClosed};
  std::atomic<std::uint64_t> other_closed_at_{kNotClosed};
};

}  // namespace

void work(std::uint64_t seed, const std::function<void(const std::string&)>& broken) {
  Run(seed, broken).go();
}

}  // namespace lockstep::schedules
