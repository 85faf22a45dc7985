// Whether text that came from outside is UTF-8.
#pragma once

#include <cstddef>
#include <string_view>

namespace lockstep::scenario {

// The bytes of the character that `text` begins with; 0 where it begins with none: not in the
// shortest form, a surrogate, beyond U+10FFFF, or cut off.
std::size_t utf8_length(std::string_view text) noexcept;

// Where the first byte stands that belongs to no character; npos where all do.
std::size_t first_not_utf8(std::string_view text) noexcept;

}  // namespace lockstep::scenario
