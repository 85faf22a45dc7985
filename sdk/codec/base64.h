// Bytes as text (RFC 4648), always padded.
#pragma once

#include <string>
#include <string_view>

namespace lockstep {

// Section 4: for Basic authentication.
std::string base64(std::string_view bytes);
// Section 5: fit for a path or a query.
std::string base64url(std::string_view bytes);

}  // namespace lockstep
