// What both transports hold messages to, so that the simulated network refuses what the real one
// would: which requests may leave, and what a response's header costs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "http/field_rules.h"
#include "http/message.h"

namespace lockstep::transport {

// What a field counts for against TransferLimits::max_header_bytes: its text, and 32 bytes for the
// bookkeeping (the size of RFC 9113 section 6.5.2), so that the limit bounds the number of fields
// and with it the memory as well.
constexpr std::size_t header_cost(std::string_view name, std::string_view value) noexcept {
  return name.size() + value.size() + 32;
}

// Whether the request can be written as HTTP without becoming another one. A transport refuses any
// other with TransportErrorKind::malformed.
inline bool is_sendable(const http::Request& request) {
  const auto target = request.url.target();
  return http::is_token(request.method) && http::Url::parse(request.url.origin()).has_value() &&
         target.starts_with('/') &&
         std::all_of(target.begin(), target.end(),
                     [](char c) { return c > ' ' && c < '\x7f' && c != '#'; }) &&
         std::all_of(request.headers.begin(), request.headers.end(),
                     [](const http::Header& header) {
                       return http::is_token(header.name) && http::is_field_value(header.value);
                     });
}

// Said of a request that is not.
inline constexpr std::string_view kNotSendable =
    "the request line or a header holds a character that HTTP does not allow there";

// Whether a response to `method` with that status has a body at all (RFC 9112 section 6.3).
constexpr bool has_body(std::string_view method, int status) noexcept {
  return method != "HEAD" && status >= 200 && status != 204 && status != 304;
}

}  // namespace lockstep::transport
