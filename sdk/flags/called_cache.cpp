#include "sdk/flags/called_cache.h"

#include <string_view>

namespace lockstep {

std::string FlagCalledCache::key(const FlagRequest& request, const FlagResult& result) {
  std::string key;
  const auto add = [&](char kind, std::string_view part) {
    key += kind;
    key += std::to_string(part.size());
    key += ':';
    key += part;
  };
  add('d', request.distinct_id);
  add('f', request.key);
  if (!result.value) {
    add('n', {});
  } else if (const bool* on = std::get_if<bool>(&*result.value)) {
    add('b', *on ? "1" : "0");
  } else {
    add('v', std::get<std::string>(*result.value));
  }
  for (const auto& [type, group] : request.groups) {
    add('t', type);
    add('g', group);
  }
  return key;
}

bool FlagCalledCache::contains(const std::string& key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return false;
  order_.splice(order_.begin(), order_, found->second);
  return true;
}

void FlagCalledCache::mark(const std::string& key) {
  if (capacity_ == 0 || contains(key)) return;
  if (entries_.size() == capacity_) {
    entries_.erase(order_.back());
    order_.pop_back();
  }
  order_.push_front(key);
  entries_.emplace(key, order_.begin());
}

void FlagCalledCache::clear() noexcept {
  entries_.clear();
  order_.clear();
}

}  // namespace lockstep
