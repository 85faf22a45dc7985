#include "sdk/json/reader.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lockstep {

namespace {

constexpr std::string_view kSpace = " \t\r\n";

// How many bytes the string at the start of `text` has, its quotes included.
std::size_t string_length(std::string_view text) {
  std::size_t i = 1;
  while (i < text.size() && text[i] != '"') i += text[i] == '\\' ? 2 : 1;
  return std::min(i + 1, text.size());
}

// The same for the object or array at the start of `text`.
std::size_t container_length(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') i += string_length(text.substr(i)) - 1;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) return i + 1;
  }
  return text.size();
}

// Whether a string as it is written says `text`.
bool says(std::string_view value, std::string_view text) {
  if (value.find('\\') != std::string_view::npos) return string_value(value) == text;
  return value.size() == text.size() + 2 && value.front() == '"' &&
         value.substr(1).starts_with(text);
}

}  // namespace

JsonItems::JsonItems(std::string_view container) : rest_(container) {
  skip_space();
  object_ = rest_.starts_with('{');
  if (object_ || rest_.starts_with('[')) {
    rest_.remove_prefix(1);
  } else {
    rest_ = {};
  }
}

void JsonItems::skip_space() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(kSpace), rest_.size()));
}

std::string_view JsonItems::take_value() {
  skip_space();
  std::size_t length = 0;
  if (rest_.starts_with('"')) {
    length = string_length(rest_);
  } else if (rest_.starts_with('{') || rest_.starts_with('[')) {
    length = container_length(rest_);
  } else {
    length = std::min(rest_.find_first_of(",]} \t\r\n"), rest_.size());
  }
  const std::string_view taken = rest_.substr(0, length);
  rest_.remove_prefix(length);
  skip_space();
  return taken;
}

bool JsonItems::next() {
  skip_space();
  if (rest_.starts_with(',')) rest_.remove_prefix(1);
  skip_space();
  if (rest_.empty() || rest_.front() == '}' || rest_.front() == ']') return false;
  if (object_) {
    name_ = take_value();
    rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));  // the colon
  }
  value_ = take_value();
  return true;
}

std::optional<std::string_view> find_member(std::string_view object, std::string_view name) {
  std::optional<std::string_view> found;
  for (JsonItems members(object); members.next();) {
    if (says(members.name(), name)) found = members.value();
  }
  return found;
}

std::optional<std::string> string_value(std::string_view value) {
  if (!value.starts_with('"')) return std::nullopt;
  const auto json = nlohmann::json::parse(value.begin(), value.end(), nullptr, false);
  if (!json.is_string()) return std::nullopt;
  return json.get<std::string>();
}

bool has_item(std::string_view array, std::string_view item) {
  for (JsonItems items(array); items.next();) {
    if (items.name().empty() && says(items.value(), item)) return true;
  }
  return false;
}

}  // namespace lockstep
