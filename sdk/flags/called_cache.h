// Which flag answers were already reported by a $feature_flag_called event.
//
// Bounded; the answer that was asked for longest ago is forgotten first, one at a time, so that
// reaching the bound does not bring a burst of repeats. Not thread-safe.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string>

#include "sdk/flags/flags.h"

namespace lockstep {

class FlagCalledCache {
 public:
  explicit FlagCalledCache(std::size_t capacity) : capacity_(capacity) {}

  // An unambiguous key: each part is preceded by its length.
  static std::string key(const FlagRequest& request, const FlagResult& result);

  // Whether the answer was marked; asking keeps it fresh.
  bool contains(const std::string& key);
  void mark(const std::string& key);
  void clear() noexcept;
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  std::size_t capacity_;
  std::list<std::string> order_;  // freshest first
  std::map<std::string, std::list<std::string>::iterator> entries_;
};

}  // namespace lockstep
