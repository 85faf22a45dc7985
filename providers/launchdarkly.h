// Flags from LaunchDarkly's Relay Proxy, where the relay evaluates.
#pragma once

#include <memory>
#include <string>

#include "providers/remote.h"

namespace lockstep::providers {

struct LaunchDarklyOptions {
  RemoteOptions remote{};  // base_url: the relay's
  std::string sdk_key{};   // required
  // Sends the context in the body of a REPORT request instead of in the path of a GET: for large
  // contexts, and those that should not stand in access logs.
  bool report = false;
};

// The context's targeting key is LaunchDarkly's key, which it requires (TARGETING_KEY_MISSING
// without); an attribute "kind" is the context's kind, "user" unless it is there.
class LaunchDarkly final : public Remote {
 public:
  explicit LaunchDarkly(const LaunchDarklyOptions& options, std::shared_ptr<Host> host = nullptr);
};

}  // namespace lockstep::providers
