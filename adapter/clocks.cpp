#include "adapter/clocks.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace lockstep::adapter {

namespace {

using std::chrono::milliseconds;

// A request that waits for longer holds a thread and a connection for nothing: one can ask again.
constexpr Duration kLongestPatience = std::chrono::minutes{5};

}  // namespace

SteppedHostPtr Clocks::host(const std::string& test_id, Instant now) {
  const auto find = [&]() -> SteppedHostPtr {
    const auto found = entries_.find(test_id);
    if (found == entries_.end()) return nullptr;
    found->second.last_used = now;
    return found->second.host;
  };
  {
    const std::lock_guard lock(mutex_);
    if (SteppedHostPtr host = find()) return host;
    if (closed_) return nullptr;
  }
  SteppedHostPtr made = make_();
  SteppedHostPtr displaced;  // ends when the lock is released: its thread may take a while
  const std::lock_guard lock(mutex_);
  if (SteppedHostPtr host = find()) {
    displaced = std::move(made);
    return host;
  }
  if (closed_) return nullptr;
  if (entries_.size() >= limits_.max_instances) {
    displaced = take_longest_idle();
    if (displaced == nullptr) return nullptr;
  }
  return entries_.emplace(test_id, Entry{std::move(made), now}).first->second.host;
}

SteppedHostPtr Clocks::take_longest_idle() {
  auto longest = entries_.end();
  for (auto at = entries_.begin(); at != entries_.end(); ++at) {
    if (at->first.empty() || in_use(at->second)) continue;
    const bool longer =
        longest == entries_.end() || at->second.last_used < longest->second.last_used;
    if (longer) longest = at;
  }
  if (longest == entries_.end()) return nullptr;
  SteppedHostPtr host = std::move(longest->second.host);
  entries_.erase(longest);
  return host;
}

void Clocks::forget(const std::string& test_id) {
  SteppedHostPtr host;
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(test_id);
  if (found == entries_.end()) return;
  host = std::move(found->second.host);
  entries_.erase(found);
}

void Clocks::forget_idle(Instant now) {
  std::vector<SteppedHostPtr> idle;
  const std::lock_guard lock(mutex_);
  for (auto at = entries_.begin(); at != entries_.end();) {
    const bool due = saturating_add(at->second.last_used, limits_.idle_timeout) <= now;
    if (due && !at->first.empty() && !in_use(at->second)) {
      idle.push_back(std::move(at->second.host));
      at = entries_.erase(at);
    } else {
      ++at;
    }
  }
}

void Clocks::close() noexcept {
  Entries entries;
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    entries.swap(entries_);
  }
  for (const auto& [test_id, entry] : entries) entry.host->close();
}

ClockRequest parse_clock(std::string_view body) {
  const nlohmann::json document = parse_object(body, true);
  Fields fields(document);
  ClockRequest request;
  if (const auto time = fields.milliseconds("advance_to_ms")) request.advance_to = Instant{*time};
  if (const auto time = fields.milliseconds("wall_ms")) request.wall = WallTime{*time};
  request.outside.calls =
      fields.natural("calls", std::numeric_limits<std::uint64_t>::max()).value_or(0);
  request.outside.held =
      fields.natural("held", std::numeric_limits<std::size_t>::max()).value_or(0);
  if (const auto time = fields.milliseconds("max_wait_ms")) {
    request.patience = std::min(*time, kLongestPatience);
  }
  fields.refuse_others();
  return request;
}

std::string answer_clock(const SteppedHost::State& state) {
  const auto count = [](Duration time) { return std::chrono::ceil<milliseconds>(time).count(); };
  nlohmann::ordered_json answer{
      {"now_ms", count(state.now.at.time_since_epoch())},
      {"wall_ms", std::chrono::floor<milliseconds>(state.now.wall.time_since_epoch()).count()},
      {"next_ms", nullptr},
      {"in_flight", state.in_flight},
      {"calls", state.calls},
      {"waiting", state.waiting},
      {"quiet", state.quiet}};
  // Rounded up, as the clock itself does when it gets there.
  if (state.next != kNever) answer["next_ms"] = count(state.next.time_since_epoch());
  return answer.dump();
}

}  // namespace lockstep::adapter
