// Decoders for the tests: other libraries than the SDK encodes with, where there is another one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sdk/codec/codec.h"

namespace lockstep::test {

// What `text` was before it was compressed. Nothing unless it is one whole stream of that codec and
// not a byte more.
std::optional<std::string> decode(Compression compression, std::string_view text);

}  // namespace lockstep::test
