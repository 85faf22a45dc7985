// Gates and dynamic configs from Statsig's HTTP API, where the server evaluates.
#pragma once

#include <memory>
#include <string>

#include "providers/remote.h"

namespace lockstep::providers {

struct StatsigOptions {
  RemoteOptions remote{.base_url = "https://api.statsig.com"};
  std::string api_key{};  // required
  // Whether an evaluation counts as an exposure with Statsig. What refresh() and the poller ask
  // never does.
  bool log_exposures = true;
};

// A boolean flag is a gate, an object a dynamic config or an experiment; a string or a number is
// the member "value" of one. The context's targeting key is Statsig's userID; email, ip, userAgent,
// country, locale, appVersion and customIDs are fields of their own, everything else is custom.
//
// An unknown gate says false, as one that fails does, and an unknown config says {}: nobody can
// tell, so neither is ever FLAG_NOT_FOUND. A config that says nothing is the caller's default.
class Statsig final : public Remote {
 public:
  explicit Statsig(const StatsigOptions& options, std::shared_ptr<Host> host = nullptr);
};

}  // namespace lockstep::providers
