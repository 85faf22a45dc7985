// PostHog's feature flags, evaluated by the server (POST /flags?v=2).
#pragma once

#include <memory>
#include <string>

#include "providers/remote.h"

namespace lockstep::providers {

struct PosthogOptions {
  RemoteOptions remote{.base_url = "https://us.i.posthog.com"};
  std::string api_key{};  // the project's; required
  bool disable_geoip = false;
};

// The context's targeting key is PostHog's distinct_id, which it requires (TARGETING_KEY_MISSING
// without); the attributes "groups" and "group_properties" are what they say, all others are person
// properties.
//
// A boolean is whether the flag is enabled, a string the variant, a number the variant read as one,
// an object the payload. A flag that is off is the caller's default and no error; one that is on
// and has no such thing is a TYPE_MISMATCH, as with PostHog's own providers. Where the project is
// over its quota the flags are not evaluated: an outage, not "all off". No $feature_flag_called is
// captured; Client::get_feature_flag (sdk/client.h) does that.
class Posthog final : public Remote {
 public:
  explicit Posthog(const PosthogOptions& options, std::shared_ptr<Host> host = nullptr);
};

}  // namespace lockstep::providers
