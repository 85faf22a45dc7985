// A transport that answers 200 to everything at once: what is left is the SDK's own cost.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "sdk/transport/transport.h"

namespace lockstep::bench {

class SinkTransport final : public Transport {
 public:
  void start(TransferId id, http::Request, const TransferLimits&) override {
    done_.push_back({id, http::Response{200, {}, R"({"status":1})"}});
  }
  void cancel(TransferId) override {}
  std::vector<Completion> collect() override { return std::exchange(done_, {}); }
  Instant next_instant() const override { return kNever; }
  void wait(Instant) override {
    if (!done_.empty()) return;
    std::unique_lock lock(mutex_);
    woken_.wait(lock, [&] { return std::exchange(wake_, false); });
  }
  void wake() noexcept override {
    const std::lock_guard lock(mutex_);
    wake_ = true;
    woken_.notify_one();
  }

 private:
  std::vector<Completion> done_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool wake_ = false;
};

}  // namespace lockstep::bench
