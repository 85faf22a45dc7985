#include "adapter/fields.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "mockserver/json_text.h"

namespace lockstep::adapter {
namespace {

using nlohmann::json;

// Deep enough for any event, shallow enough for everything that walks a document recursively.
constexpr int kDeepestNesting = 128;

// A name may come from the request; an error is not the place to send a megabyte of it back.
constexpr std::size_t kLongestNameInError = 100;

constexpr std::uint64_t kMostMilliseconds =
    static_cast<std::uint64_t>(std::numeric_limits<Duration::rep>::max()) / 1'000'000;

// Of a text that is JSON up to there; what is none the parser refuses.
void refuse_deep_nesting(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '}' || c == ']') {
      --depth;
    } else if ((c == '{' || c == '[') && ++depth > kDeepestNesting) {
      throw BadRequest("body", "is nested deeper than " + std::to_string(kDeepestNesting));
    }
  }
}

// The parser's own message quotes the text around the error; the position is enough.
[[noreturn]] void refuse_text(std::string_view text) {
  try {
    [[maybe_unused]] const json read = json::parse(text);
  } catch (const json::parse_error& error) {
    throw BadRequest("body", "is not valid JSON (at byte " + std::to_string(error.byte) + ")");
  } catch (const json::out_of_range&) {
    throw BadRequest("body", "holds a number that is out of range");
  }
  throw BadRequest("body", "is not valid JSON");
}

}  // namespace

json parse_object(std::string_view body, bool may_be_empty) {
  if (body.empty() && may_be_empty) return json::object();
  refuse_deep_nesting(body);
  const auto document = mock::read_json(body).value;
  if (document == nullptr) refuse_text(body);
  if (!document->is_object()) throw BadRequest("body", "must be a JSON object");
  return std::move(*document);
}

Fields::Fields(const json& object, std::string path) : object_(object), path_(std::move(path)) {}

const json* Fields::find(std::string_view name) {
  const auto at = object_.find(name);
  if (at == object_.end()) return nullptr;
  known_.push_back(&*at);
  return at->is_null() ? nullptr : &*at;
}

const json* Fields::object(std::string_view name) {
  const json* value = find(name);
  if (value != nullptr && !value->is_object()) refuse_type(name, "an object", *value);
  return value;
}

std::string Fields::required_text(std::string_view name) {
  auto value = text(name);
  if (!value) refuse(name, "is required");
  return *std::move(value);
}

std::optional<std::string> Fields::text(std::string_view name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) refuse_type(name, "a string", *value);
  return value->get<std::string>();
}

std::optional<bool> Fields::boolean(std::string_view name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) refuse_type(name, "true or false", *value);
  return value->get<bool>();
}

std::optional<std::uint64_t> Fields::natural(std::string_view name, std::uint64_t most) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) refuse_type(name, "a whole number", *value);
  if (!value->is_number_unsigned() || value->get<std::uint64_t>() > most) {
    refuse(name, "must be a whole number from 0 to " + std::to_string(most));
  }
  return value->get<std::uint64_t>();
}

std::optional<Duration> Fields::milliseconds(std::string_view name) {
  const auto count = natural(name, kMostMilliseconds);
  if (!count) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(*count)};
}

void Fields::refuse_others() const {
  for (const auto& member : object_.items()) {
    const bool is_known = std::find(known_.begin(), known_.end(), &member.value()) != known_.end();
    if (!is_known) refuse(member.key(), "is not known here");
  }
}

void Fields::refuse(std::string_view name, const std::string& problem) const {
  throw BadRequest(path_ + std::string(name.substr(0, kLongestNameInError)), problem);
}

void Fields::refuse_type(std::string_view name, std::string_view expected,
                         const json& found) const {
  refuse(name, "must be " + std::string(expected) + ", found " + found.type_name());
}

}  // namespace lockstep::adapter
