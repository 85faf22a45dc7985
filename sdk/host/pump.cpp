#include "sdk/host/pump.h"

#include <algorithm>
#include <exception>

namespace lockstep {

void Pump::attach(std::shared_ptr<Hosted> core) {
  const std::lock_guard lock(cores_mutex_);
  cores_.push_back(std::move(core));
}

void Pump::detach(const Hosted& core) {
  std::shared_ptr<Hosted> leaving;
  {
    const std::lock_guard lock(cores_mutex_);
    const auto found = std::find_if(cores_.begin(), cores_.end(),
                                    [&](const auto& attached) { return attached.get() == &core; });
    if (found == cores_.end()) return;
    leaving = std::move(*found);
    cores_.erase(found);
    orphans_.store(true);
  }
  if (inside_turn()) {
    leaving->hush();
    if (leaving->take(clock_.read()).any()) leaving->finish();
    return;
  }
  // A turn that is going on may still call it.
  const std::lock_guard turn_over(turn_mutex_);
  turning_thread_.store(std::this_thread::get_id());
  // What it dropped because the host had no time for it. The transport belongs to the thread that
  // makes the turns, which may be waiting in it, and is left alone: a core that leaves starts
  // nothing more, and what it had in flight is cancelled as an orphan's.
  if (leaving->take(clock_.read()).any()) finish(*leaving);
  turning_thread_.store(std::thread::id{});
}

void Pump::finish(Hosted& core) {
  ++callback_count_;
  core.finish();
  ++callback_count_;
}

bool Pump::turn() {
  const std::lock_guard lock(turn_mutex_);
  turning_thread_.store(std::this_thread::get_id());
  const Now now = clock_.read();
  {
    const std::lock_guard cores_lock(cores_mutex_);
    serving_ = cores_;
  }
  bool busy = orphans_.exchange(false) && cancel_orphans();
  busy = collect(now) || busy;
  for (const auto& core : serving_) busy = serve(*core, now) || busy;
  serving_.clear();  // under the lock: detach() must not find itself the second last owner
  turning_thread_.store(std::thread::id{});
  return busy;
}

std::shared_ptr<Hosted> Pump::find(std::uint64_t client_id) const {
  const std::lock_guard lock(cores_mutex_);
  const auto found = std::find_if(cores_.begin(), cores_.end(),
                                  [&](const auto& core) { return core->id() == client_id; });
  return found == cores_.end() ? nullptr : *found;
}

bool Pump::collect(Now now) {
  std::vector<Completion> completions = transport_.collect();
  for (Completion& completion : completions) {
    const auto found = transfers_.find(completion.id);
    if (found == transfers_.end()) continue;
    const Owned owned = found->second;
    transfers_.erase(found);
    ids_.erase(owned);
    if (const auto core = find(owned.first)) {
      core->completed(owned.second, std::move(completion.result), now);
    }
  }
  return !completions.empty();
}

bool Pump::serve(Hosted& core, Now now) {
  HostedWork work = core.take(now);
  if (!work.any()) return false;
  for (const std::uint64_t number : work.cancels) {
    const auto found = ids_.find({core.id(), number});
    if (found == ids_.end()) continue;
    transport_.cancel(found->second);
    transfers_.erase(found->second);
    ids_.erase(found);
  }
  for (HostedWork::Start& start : work.starts) begin(core, start, now);
  finish(core);
  return true;
}

void Pump::begin(Hosted& core, HostedWork::Start& start, Now now) {
  const TransferId id = next_transfer_++;
  const Owned owned{core.id(), start.number};
  transfers_.emplace(id, owned);
  ids_.emplace(owned, id);
  try {
    transport_.start(id, std::move(start.request), start.limits);
  } catch (const std::exception& problem) {
    // One request fails; the host's other requests and clients must not learn of it.
    transport_.cancel(id);
    transfers_.erase(id);
    ids_.erase(owned);
    core.completed(start.number,
                   http::TransportError{http::TransportErrorKind::malformed, problem.what()}, now);
  }
}

// What a detached core had in flight.
bool Pump::cancel_orphans() {
  bool any = false;
  for (auto it = transfers_.begin(); it != transfers_.end();) {
    if (find(it->second.first) != nullptr) {
      ++it;
      continue;
    }
    transport_.cancel(it->first);
    ids_.erase(it->second);
    it = transfers_.erase(it);
    any = true;
  }
  return any;
}

std::vector<std::shared_ptr<Hosted>> Pump::cores() const {
  const std::lock_guard lock(cores_mutex_);
  return cores_;
}

Instant Pump::next_instant() const {
  const Instant now = clock_.now();
  if (orphans_.load()) return now;
  Instant next = transport_.next_instant();
  for (const auto& core : cores()) next = std::min(next, core->next_wake(now));
  return next;
}

}  // namespace lockstep
