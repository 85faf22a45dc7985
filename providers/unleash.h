// Flags from Unleash's frontend API, where the server evaluates.
#pragma once

#include <memory>
#include <string>

#include "providers/remote.h"

namespace lockstep::providers {

struct UnleashOptions {
  RemoteOptions remote{};  // base_url: what /api/frontend follows
  std::string token{};     // a frontend token; required
  std::string app_name = "lockstep";
};

// The context's targeting key is Unleash's userId; sessionId, remoteAddress, environment,
// currentTime and appName are fields of their own, everything else is a property.
//
// The server lists the enabled flags of a context. One that is missing is off or unknown, and
// nobody can tell which, so it is never FLAG_NOT_FOUND: a boolean flag is false, any other the
// caller's default, with the reason UNKNOWN. Of an enabled flag a string is its variant's payload,
// or the variant's name where it has none; numbers and objects are read from the payload.
class Unleash final : public Remote {
 public:
  explicit Unleash(const UnleashOptions& options, std::shared_ptr<Host> host = nullptr);
};

}  // namespace lockstep::providers
