#include "adapter/registry.h"

#include <utility>

namespace lockstep::adapter {
namespace {

// Copies are made under the registry's lock only, so a count of one says that no request holds it;
// a request that ends meanwhile can only make an idle instance look busy, once.
bool reclaimable(const std::pair<const std::string, InstancePtr>& entry) {
  return !entry.first.empty() && entry.second.use_count() == 1;
}

}  // namespace

InstancePtr Registry::find(const std::string& test_id) const {
  const std::lock_guard lock(mutex_);
  const auto at = instances_.find(test_id);
  return at == instances_.end() ? nullptr : at->second;
}

Registry::PutResult Registry::put(const std::string& test_id, InstancePtr instance) {
  const std::lock_guard lock(mutex_);
  PutResult result;
  if (closed_) {
    result.entry = Entry::closed;
    return result;
  }
  if (const auto former = instances_.find(test_id); former != instances_.end()) {
    result.displaced.push_back(std::exchange(former->second, std::move(instance)));
    return result;
  }
  if (instances_.size() >= limits_.max_instances) {
    const auto idle = longest_idle();
    if (idle == instances_.end()) {
      result.entry = Entry::full;
      return result;
    }
    result.displaced.push_back(std::move(idle->second));
    instances_.erase(idle);
  }
  instances_.emplace(test_id, std::move(instance));
  return result;
}

InstancePtr Registry::take(const std::string& test_id) {
  const std::lock_guard lock(mutex_);
  const auto at = instances_.find(test_id);
  if (at == instances_.end()) return nullptr;
  InstancePtr instance = std::move(at->second);
  instances_.erase(at);
  return instance;
}

std::vector<InstancePtr> Registry::take_idle(Instant now) {
  const std::lock_guard lock(mutex_);
  std::vector<InstancePtr> idle;
  for (auto at = instances_.begin(); at != instances_.end();) {
    const bool due = saturating_add(at->second->last_used(), limits_.idle_timeout) <= now;
    if (due && reclaimable(*at)) {
      idle.push_back(std::move(at->second));
      at = instances_.erase(at);
    } else {
      ++at;
    }
  }
  return idle;
}

std::vector<InstancePtr> Registry::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  std::vector<InstancePtr> all;
  for (auto& entry : instances_) all.push_back(std::move(entry.second));
  instances_.clear();
  return all;
}

std::size_t Registry::size() const {
  const std::lock_guard lock(mutex_);
  return instances_.size();
}

Registry::Instances::iterator Registry::longest_idle() {
  auto longest = instances_.end();
  for (auto at = instances_.begin(); at != instances_.end(); ++at) {
    if (!reclaimable(*at)) continue;
    const bool longer =
        longest == instances_.end() || at->second->last_used() < longest->second->last_used();
    if (longer) longest = at;
  }
  return longest;
}

}  // namespace lockstep::adapter
