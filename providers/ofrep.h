// Flags from a server that speaks OFREP, the OpenFeature Remote Evaluation Protocol: flagd and
// others.
#pragma once

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

// A flag without a value is the caller's default, and no error. Types are checked by the client, as
// the protocol has none: an integer flag that comes as 1.5 is a TYPE_MISMATCH.
class Ofrep final : public Remote {
 public:
  explicit Ofrep(const OfrepOptions& options, std::shared_ptr<Host> host = nullptr);
};

}  // namespace lockstep::providers
