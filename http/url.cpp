#include "http/url.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace lockstep::http {
namespace {

constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_lower_letter(char c) noexcept { return c >= 'a' && c <= 'z'; }

// Printable ASCII without space; '#' would start a fragment, which is no part of a request.
constexpr bool may_stand_in_url(char c) noexcept { return c > ' ' && c < 0x7f && c != '#'; }

// Lower case; of names that resolve, with the underscore that container networks use.
constexpr bool may_stand_in_host(char c) noexcept {
  return is_lower_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (auto& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::uint16_t default_port(std::string_view scheme) noexcept {
  return scheme == "https" ? 443 : 80;
}

bool is_ipv6_address(const std::string& text) noexcept {
  in6_addr address{};
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

// Takes "host" or "[address]" off the front of `authority`; nothing for a host that is none.
std::optional<std::string> take_host(std::string_view& authority) {
  if (authority.starts_with('[')) {
    const auto close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    auto address = lower_case(authority.substr(1, close - 1));
    authority.remove_prefix(close + 1);
    return is_ipv6_address(address) ? std::optional(std::move(address)) : std::nullopt;
  }
  auto host = lower_case(authority.substr(0, authority.find(':')));
  authority.remove_prefix(host.size());
  const bool valid = !host.empty() && std::all_of(host.begin(), host.end(), may_stand_in_host);
  return valid ? std::optional(std::move(host)) : std::nullopt;
}

// Reads ":port", or nothing at all, which stands for `fallback`.
std::optional<std::uint16_t> read_port(std::string_view text, std::uint16_t fallback) noexcept {
  if (text.empty()) return fallback;
  if (text.front() != ':') return std::nullopt;
  text.remove_prefix(1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

int hex_value(char c) noexcept {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string decode_parameter(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  return percent_decoded(text);
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const int high = at + 2 < text.size() ? hex_value(text[at + 1]) : -1;
    const int low = at + 2 < text.size() ? hex_value(text[at + 2]) : -1;
    if (text[at] == '%' && high >= 0 && low >= 0) {
      decoded += static_cast<char>(high << 4 | low);
      at += 2;
    } else {
      decoded += text[at];
    }
  }
  return decoded;
}

std::string Url::origin() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  std::string text = scheme + "://";
  if (is_ipv6) text += '[';
  text += host;
  if (is_ipv6) text += ']';
  if (port != default_port(scheme)) text.append(":").append(std::to_string(port));
  return text;
}

std::string Url::target() const { return query.empty() ? path : path + "?" + query; }

std::optional<Url> Url::parse(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), may_stand_in_url)) return std::nullopt;

  const auto colon = text.find("://");
  if (colon == std::string_view::npos) return std::nullopt;
  Url url;
  url.scheme = lower_case(text.substr(0, colon));
  if (url.scheme != "http" && url.scheme != "https") return std::nullopt;
  text.remove_prefix(colon + 3);

  auto authority = text.substr(0, text.find_first_of("/?"));
  text.remove_prefix(authority.size());
  auto host = take_host(authority);
  const auto port = read_port(authority, default_port(url.scheme));
  if (!host || !port) return std::nullopt;
  url.host = std::move(*host);
  url.port = *port;

  const auto path = text.substr(0, text.find('?'));
  if (!path.empty()) url.path = path;
  text.remove_prefix(path.size());
  if (!text.empty()) url.query = text.substr(1);
  return url;
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    if (pair.empty() || decode_parameter(std::string(pair.substr(0, equals))) != name) continue;
    return decode_parameter(std::string(pair.substr(std::min(equals + 1, pair.size()))));
  }
  return std::nullopt;
}

}  // namespace lockstep::http
