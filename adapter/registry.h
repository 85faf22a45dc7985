// Which instance belongs to which test id, and which of them have to go.
//
// The rule: the lock is held for look-ups only. Whatever leaves the registry is returned, so that
// the caller ends it, which may wait, with no lock held.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "adapter/instance.h"

namespace lockstep::adapter {

using InstancePtr = std::shared_ptr<Instance>;

struct RegistryLimits {
  std::size_t max_instances = 1024;
  // The suite never says that a test is over, so an instance whose test id was not heard of for so
  // long goes. The one without a test id stays: there is never more than one of it.
  Duration idle_timeout = std::chrono::minutes{5};
};

// Thread-safe.
class Registry {
 public:
  explicit Registry(const RegistryLimits& limits) : limits_(limits) {}

  // nullptr when there is none.
  InstancePtr find(const std::string& test_id) const;

  enum class Entry { made, full, closed };
  struct PutResult {
    Entry entry = Entry::made;
    std::vector<InstancePtr> displaced;  // the former one of that id, or one that made room
  };
  // A full registry gives up the instance that has been idle for longest, never one in use.
  PutResult put(const std::string& test_id, InstancePtr instance);

  // Removes and returns it; nullptr when there is none.
  InstancePtr take(const std::string& test_id);
  // Removes what has been idle for too long at `now`.
  std::vector<InstancePtr> take_idle(Instant now);
  // Removes everything; from now on nothing can be put.
  std::vector<InstancePtr> close();

  std::size_t size() const;

 private:
  using Instances = std::map<std::string, InstancePtr>;

  Instances::iterator longest_idle();

  const RegistryLimits limits_;
  mutable std::mutex mutex_;  // guards what follows
  Instances instances_;
  bool closed_ = false;
};

}  // namespace lockstep::adapter
