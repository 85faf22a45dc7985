#include "sdk/host/requester.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "clock/trace.h"
#include "sdk/host/fork.h"
#include "sdk/host/host.h"
#include "sdk/host/hosted.h"
#include "sdk/host/thread_host.h"

namespace lockstep {

namespace {

// How long past a request's deadline a caller lets the host carry out what the deadline caused.
constexpr Duration kCarryOutGrace = std::chrono::milliseconds{250};

http::Result cancelled(const char* why) {
  return http::TransportError{http::TransportErrorKind::cancelled, why};
}

}  // namespace

class RequesterCore final : public Hosted {
 public:
  RequesterCore(RequesterOptions options, Host& host)
      : options_(std::move(options)), clock_(host.clock()), id_(host.next_client_id()) {}

  // --- callers' side ----------------------------------------------------------------------------

  // Nothing when it is closed. Without `answered` the answer is kept for take_answer().
  std::optional<std::uint64_t> begin(http::Request request, Requester::Answered answered) {
    const std::lock_guard lock(mutex_);
    if (closed_) return std::nullopt;
    Call call;
    call.kept = answered == nullptr;
    call.answered = std::move(answered);
    calls_.emplace(next_number_, std::move(call));
    waiting_.push_back({next_number_, std::move(request), {}});
    return next_number_++;
  }

  // With the mutex held.
  bool has_answer(std::uint64_t number) const {
    const auto found = calls_.find(number);
    return found == calls_.end() || found->second.answer.has_value();
  }

  // Frees the call; what is still in flight is cancelled.
  std::optional<http::Result> take_answer(std::uint64_t number) {
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(number);
    if (found == calls_.end()) return std::nullopt;
    std::optional<http::Result> answer = std::move(found->second.answer);
    calls_.erase(found);
    if (!answer) cancels_.push_back(number);
    return answer;
  }

  void run_at(Instant at, Requester::Task task) {
    const std::lock_guard lock(mutex_);
    if (closed_) return;
    task_at_ = at;
    task_ = std::move(task);
  }

  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      waiting_.clear();
      task_ = nullptr;
      task_at_ = kNever;
      for (auto it = calls_.begin(); it != calls_.end();) {
        if (!it->second.answer) cancels_.push_back(it->first);
        if (it->second.kept) {
          if (!it->second.answer) it->second.answer = cancelled("closed");
          ++it;
        } else {
          it = calls_.erase(it);
        }
      }
    }
    clock_.notify(changed_);
  }

  const RequesterOptions& options() const noexcept { return options_; }
  bool foreign() const noexcept { return fork_generation_ != lockstep::fork_generation(); }

  // --- the host's side --------------------------------------------------------------------------

  std::uint64_t id() const noexcept override { return id_; }

  void completed(std::uint64_t number, http::Result result, Now now) override {
    trace_answer(number, result, now);
    const std::lock_guard lock(mutex_);
    const auto found = calls_.find(number);
    if (found == calls_.end()) return;
    found->second.answer = std::move(result);
    answered_ = true;
  }

  HostedWork take(Now now) override {
    HostedWork work;
    const std::lock_guard lock(mutex_);
    work.cancels = std::exchange(cancels_, {});
    work.starts = std::exchange(waiting_, {});
    for (HostedWork::Start& start : work.starts) {
      start.limits = {saturating_add(now.at, options_.timeout), options_.connect_timeout,
                      options_.max_response_bytes};
      trace_send(start, now);
    }
    work.finish = std::exchange(answered_, false);
    if (now.at >= task_at_) {
      due_task_ = std::exchange(task_, nullptr);
      task_at_ = kNever;
      work.finish = true;
    }
    return work;
  }

  void finish() override {
    std::vector<std::pair<Requester::Answered, http::Result>> heard;
    Requester::Task task;
    {
      const std::lock_guard lock(mutex_);
      task = std::exchange(due_task_, nullptr);
      for (auto it = calls_.begin(); it != calls_.end();) {
        if (it->second.kept || !it->second.answer) {
          ++it;
          continue;
        }
        heard.emplace_back(std::move(it->second.answered), std::move(*it->second.answer));
        it = calls_.erase(it);
      }
    }
    for (auto& [answered, result] : heard) {
      if (!hushed_) answered(std::move(result));
    }
    if (task != nullptr && !hushed_) task();
    clock_.notify(changed_);
  }

  Instant next_wake(Instant now) override {
    const std::lock_guard lock(mutex_);
    return waiting_.empty() && cancels_.empty() && !answered_ ? task_at_ : now;
  }

  void hush() noexcept override { hushed_ = true; }
  std::mutex& mutex() const noexcept override { return mutex_; }
  Condition& changed() noexcept override { return changed_; }

 private:
  struct Call {
    bool kept = false;  // for take_answer(), rather than for `answered`
    Requester::Answered answered;
    std::optional<http::Result> answer;
  };

  std::string name() const {
    return options_.trace_name.empty() ? std::to_string(id_) : options_.trace_name;
  }

  void trace_send(const HostedWork::Start& start, Now now) {
    if (options_.trace == nullptr) return;
    const http::Request& request = start.request;
    traced_[start.number] = options_.trace->record(
        now.at, "send",
        {{"client", name()},
         {"request", start.number},
         {"path", request.url.path},
         {"bytes", request.body.size()},
         {"body", digest_bytes(digest_bytes(kDigestStart, request.url.query), request.body)}});
  }

  void trace_answer(std::uint64_t number, const http::Result& result, Now now) {
    if (options_.trace == nullptr) return;
    const auto* response = std::get_if<http::Response>(&result);
    const auto* error = std::get_if<http::TransportError>(&result);
    options_.trace->record(now.at, "answer",
                           {{"client", name()},
                            {"request", number},
                            {"status", response != nullptr ? response->status : 0},
                            {"detail", error != nullptr ? to_string(error->kind) : ""}},
                           traced_[number]);
    traced_.erase(number);
  }

  const RequesterOptions options_;
  Clock& clock_;
  const std::uint64_t id_;
  const std::uint64_t fork_generation_ = lockstep::fork_generation();

  mutable std::mutex mutex_;
  Condition changed_;
  std::map<std::uint64_t, Call> calls_;
  std::vector<HostedWork::Start> waiting_;
  std::vector<std::uint64_t> cancels_;
  std::uint64_t next_number_ = 1;
  bool answered_ = false;
  bool closed_ = false;
  Instant task_at_ = kNever;
  Requester::Task task_;
  Requester::Task due_task_;

  // The pumping thread's own.
  std::map<std::uint64_t, std::uint64_t> traced_;  // requests in flight, by trace entries
  bool hushed_ = false;
};

Requester::Requester(RequesterOptions options, std::shared_ptr<Host> host)
    : host_(host != nullptr ? std::move(host) : ThreadHost::shared()),
      core_(std::make_shared<RequesterCore>(std::move(options), *host_)) {
  host_->attach(core_);
}

Requester::~Requester() {
  if (core_->foreign()) return;
  core_->close();
  host_->detach(*core_);
}

std::vector<http::Result> Requester::send(std::vector<http::Request> requests) {
  std::vector<http::Result> results(requests.size(), cancelled("closed"));
  if (core_->foreign()) return results;
  std::vector<std::optional<std::uint64_t>> numbers;
  numbers.reserve(requests.size());
  for (http::Request& request : requests) {
    numbers.push_back(core_->begin(std::move(request), nullptr));
  }
  host_->wake();
  const Instant deadline = saturating_add(host_->clock().now(),
                                          saturating_add(core_->options().timeout, kCarryOutGrace));
  const bool waited = host_->wait(*core_, deadline, [&] {
    return std::all_of(numbers.begin(), numbers.end(),
                       [&](const auto& number) { return !number || core_->has_answer(*number); });
  });
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (!numbers[i]) continue;
    auto answer = core_->take_answer(*numbers[i]);
    if (answer) {
      results[i] = std::move(*answer);
    } else if (!waited) {
      results[i] = cancelled("called from a callback of the host");
    } else {
      results[i] = http::TransportError{http::TransportErrorKind::timeout, "no answer in time"};
    }
  }
  return results;
}

void Requester::start(http::Request request, Answered answered) {
  if (core_->foreign()) return;
  core_->begin(std::move(request), std::move(answered));
  host_->wake();
}

void Requester::run_at(Instant at, Task task) {
  if (core_->foreign()) return;
  core_->run_at(at, std::move(task));
  host_->wake();
}

void Requester::close() noexcept {
  if (core_->foreign()) return;
  core_->close();
  host_->wake();
}

}  // namespace lockstep
