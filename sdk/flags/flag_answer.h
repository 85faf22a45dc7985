// Reads the answer to a flag request. What it takes grows with the answer, whose size and shape the
// server chooses, so it is for the thread that asked: no lock is held and no host's thread waits.
#pragma once

#include <string>

#include "http/message.h"
#include "sdk/flags/flags.h"

namespace lockstep {

// Reads a /flags answer for one key. Understands `flags` (v2: enabled, variant, metadata.payload)
// and `featureFlags` with `featureFlagPayloads`.
FlagResult read_flag_response(const http::Response& response, std::string_view key);

}  // namespace lockstep
