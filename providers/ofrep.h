// Flags from a server that speaks OFREP, the OpenFeature Remote Evaluation Protocol: flagd and
// others.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "providers/remote.h"

namespace lockstep::providers {

struct OfrepOptions {
  RemoteOptions remote{};  // base_url: what /ofrep/v1/... follows
  std::string token{};     // sent as "Authorization: Bearer ..."; for X-API-Key use the headers
  // Whether a single flag is asked for by the bulk request too, which brings all flags of the
  // context: fewer requests together with max_age.
  bool bulk = false;
};

// What OFREP_ENDPOINT, OFREP_HEADERS and OFREP_TIMEOUT_MS say, and the defaults for what they do
// not say; what a program sets afterwards wins. The headers are name=value pairs separated by
// commas, percent-encoded as a whole, so that no value has a comma. Throws ConfigError
// (sdk/options.h) that names the variable, also for a pair that is none: nobody would hear of one
// that is left out. `environment` is asked for each variable; default: std::getenv.
OfrepOptions ofrep_options_from_environment(
    const std::function<const char*(const char*)>& environment = {});

// A flag without a value is the caller's default, and no error. Types are checked by the client, as
// the protocol has none: an integer flag that comes as 1.5 is a TYPE_MISMATCH.
class Ofrep final : public Remote {
 public:
  explicit Ofrep(const OfrepOptions& options, std::shared_ptr<Host> host = nullptr);
};

}  // namespace lockstep::providers
