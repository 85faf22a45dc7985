// An absolute http(s) URL, taken apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep::http {

struct Url {
  std::string scheme;      // "http" or "https", lower case
  std::string host;        // lower case; an IPv6 address without its brackets
  std::uint16_t port = 0;  // never 0 after parse(): the scheme's default when the text names none
  std::string path = "/";  // starts with '/'; percent-encoding untouched
  std::string query;       // without '?'; empty when there is none

  // "https://host[:port]", the port only where it is not the scheme's own.
  std::string origin() const;
  // path[?query]: what stands in the request line.
  std::string target() const;
  std::string to_string() const { return origin() + target(); }

  // Nothing for a relative URL, another scheme, user information, a fragment, an empty host or one
  // that is neither a name nor an address, a bad port, or anything but printable ASCII.
  static std::optional<Url> parse(std::string_view text);

  bool operator==(const Url&) const = default;
};

// A '%' without two hexadecimal digits stands for itself.
std::string percent_decoded(std::string_view text);

// The value of the first parameter of that name in a query string, percent-decoded; a '+' is a
// space. Empty for a parameter without '='.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

}  // namespace lockstep::http
