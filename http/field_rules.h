// Which octets may stand in the parts of a message: one rule for who writes messages, who reads
// them, and who scripts them.
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

namespace lockstep::http {

// By octet, of a token: a method, the name of a header (RFC 9110 section 5.6.2).
inline constexpr auto kMayStandInToken = [] {
  constexpr std::string_view kOther = "!#$%&'*+-.^_`|~";
  std::array<bool, 256> may{};
  for (const char c : kOther) may[static_cast<unsigned char>(c)] = true;
  for (char c = '0'; c <= '9'; ++c) may[static_cast<unsigned char>(c)] = true;
  for (char c = 'a'; c <= 'z'; ++c) may[static_cast<unsigned char>(c)] = true;
  for (char c = 'A'; c <= 'Z'; ++c) may[static_cast<unsigned char>(c)] = true;
  return may;
}();

constexpr bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return kMayStandInToken[static_cast<unsigned char>(c)];
  });
}

// Any octet but the control characters; bytes beyond ASCII pass as they are. A line break in a
// value would let it go on as a header, or a request, of its own.
constexpr bool is_field_value(std::string_view text) noexcept {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f';
  });
}

}  // namespace lockstep::http
