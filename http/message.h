// Requests and responses as plain values. The only types on which the SDK and the mock server meet.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "http/url.h"

namespace lockstep::http {

struct Header {
  std::string name;
  std::string value;
  bool operator==(const Header&) const = default;
};

// Header fields in the order in which they were added. Names compare without regard to ASCII case;
// a name may occur more than once.
class Headers {
 public:
  Headers() = default;
  Headers(std::initializer_list<Header> fields) : fields_(fields) {}

  void add(std::string name, std::string value);
  // Replaces every field of that name by one, in the place of the first.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);
  // The first field of that name.
  std::optional<std::string_view> get(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  bool has(std::string_view name) const { return get(name).has_value(); }

  bool empty() const noexcept { return fields_.empty(); }
  std::size_t size() const noexcept { return fields_.size(); }
  auto begin() const noexcept { return fields_.begin(); }
  auto end() const noexcept { return fields_.end(); }
  bool operator==(const Headers&) const = default;

 private:
  std::vector<Header> fields_;
};

// Whether two texts are equal but for ASCII case.
bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept;

// The text without the blanks and tabs around it, which are no part of a field's value.
std::string_view trimmed(std::string_view text) noexcept;

struct Request {
  std::string method = "GET";
  Url url;
  Headers headers;
  std::string body;
  bool operator==(const Request&) const = default;
};

struct Response {
  int status = 200;
  Headers headers;
  std::string body;
  bool operator==(const Response&) const = default;
};

// Why there is no response.
enum class TransportErrorKind {
  resolve,             // the host's name could not be resolved
  connect,             // refused, unreachable, or no connection within the connect timeout
  tls,                 // handshake or certificate
  timeout,             // no whole response by the deadline
  reset,               // the connection broke before a whole header was read
  truncated,           // the body broke off before its declared end
  response_too_large,  // header or body exceeds the limit; the rest was not read
  malformed,           // not HTTP
  cancelled,           // cancel() was called
};

// "resolve", "connect", ...
std::string_view to_string(TransportErrorKind kind) noexcept;

struct TransportError {
  TransportErrorKind kind = TransportErrorKind::connect;
  std::string detail;  // for people; never holds a body or a credential
  bool operator==(const TransportError&) const = default;
};

using Result = std::variant<Response, TransportError>;

}  // namespace lockstep::http
