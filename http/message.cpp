#include "http/message.h"

#include <algorithm>
#include <utility>

namespace lockstep::http {
namespace {

// By hand: std::tolower asks the locale.
constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return to_lower(x) == to_lower(y); });
}

std::string_view trimmed(std::string_view text) noexcept {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

void Headers::add(std::string name, std::string value) {
  fields_.push_back({std::move(name), std::move(value)});
}

void Headers::set(std::string_view name, std::string value) {
  Header field{std::string(name), std::move(value)};
  const auto same_name = [&](const Header& other) {
    return equals_ignoring_case(other.name, field.name);
  };
  const auto first = std::find_if(fields_.begin(), fields_.end(), same_name);
  if (first == fields_.end()) {
    fields_.push_back(std::move(field));
    return;
  }
  fields_.erase(std::remove_if(first + 1, fields_.end(), same_name), fields_.end());
  *first = std::move(field);
}

void Headers::remove(std::string_view name) {
  const std::string own_name(name);  // `name` may be a view of a field that goes
  std::erase_if(fields_,
                [&](const Header& field) { return equals_ignoring_case(field.name, own_name); });
}

std::optional<std::string_view> Headers::get(std::string_view name) const {
  for (const auto& field : fields_) {
    if (equals_ignoring_case(field.name, name)) return field.value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Headers::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& field : fields_) {
    if (equals_ignoring_case(field.name, name)) values.push_back(field.value);
  }
  return values;
}

std::string_view to_string(TransportErrorKind kind) noexcept {
  switch (kind) {
    case TransportErrorKind::resolve:
      return "resolve";
    case TransportErrorKind::connect:
      return "connect";
    case TransportErrorKind::tls:
      return "tls";
    case TransportErrorKind::timeout:
      return "timeout";
    case TransportErrorKind::reset:
      return "reset";
    case TransportErrorKind::truncated:
      return "truncated";
    case TransportErrorKind::response_too_large:
      return "response_too_large";
    case TransportErrorKind::malformed:
      return "malformed";
    case TransportErrorKind::cancelled:
      return "cancelled";
  }
  return "unknown";
}

}  // namespace lockstep::http
