// The JSON form of scripts. Every reader takes the path of what it reads, for the error texts.

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "mockserver/json_text.h"
#include "mockserver/script.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

constexpr double kLongestMs = 1000.0 * 60 * 60 * 24 * 366;

std::string describe(const Json& value) {
  if (value.is_object()) return "an object";
  if (value.is_array()) return "a list";
  if (value.is_number_float() && std::trunc(value.get<double>()) != value.get<double>()) {
    return "a number with a fraction";
  }
  if (value.is_number()) return "the number " + value.dump();
  if (value.is_string()) return "a text";
  if (value.is_boolean()) return value.get<bool>() ? "true" : "false";
  return "null";
}

// Where a value stands, put into words when it is wrong.
struct Path {
  static constexpr std::size_t kNone = SIZE_MAX;

  const Path* of = nullptr;  // what it is a member or an element of; nullptr: the script
  std::string_view key{};
  std::size_t index = kNone;

  Path at(std::string_view member) const noexcept { return {this, member}; }
  Path at(std::size_t element) const noexcept { return {this, {}, element}; }

  std::string text() const {
    if (of == nullptr) return {};
    std::string before = of->text();
    if (index != kNone) return before + '[' + std::to_string(index) + ']';
    return before.empty() ? std::string(key) : before + '.' + std::string(key);
  }
};

[[noreturn]] void expected(const Path& path, std::string_view what, const Json& found) {
  throw ScriptError(path.text(), "must be " + std::string(what) + ", and is " + describe(found));
}

// One object of the script: members are taken by name, and none may be left over.
class Fields {
 public:
  Fields(const Json& object, const Path& path) : object_(object), path_(path) {
    if (!object.is_object()) expected(path_, "an object", object);
  }

  Path path(std::string_view key) const { return path_.at(key); }

  // Null counts as absent.
  const Json* find(std::string_view key) const {
    const auto member = object_.find(key);
    return member == object_.end() || member->is_null() ? nullptr : &*member;
  }

  // Calls read(value, path) where the member is there.
  template <typename Read>
  void with(std::string_view key, Read read) const {
    if (const Json* value = find(key)) read(*value, path(key));
  }

  // member = read(value, path), likewise.
  template <typename Member, typename Read>
  void set(std::string_view key, Member& member, Read read) const {
    with(key, [&](const Json& given, const Path& where) { member = read(given, where); });
  }

  void allow_only(std::initializer_list<std::string_view> known) const {
    for (auto member = object_.begin(); member != object_.end(); ++member) {
      if (std::find(known.begin(), known.end(), member.key()) != known.end()) continue;
      std::string names;
      for (const auto name : known) names += (names.empty() ? "" : ", ") + std::string(name);
      throw ScriptError(path(member.key()).text(), "is unknown; known here: " + names);
    }
  }

 private:
  const Json& object_;
  const Path& path_;
};

std::string read_text(const Json& value, const Path& path) {
  if (!value.is_string()) expected(path, "a text", value);
  return value.get<std::string>();
}

std::uint64_t read_count(const Json& value, const Path& path) {
  const bool is_count =
      value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0);
  if (!is_count) expected(path, "a whole number, not negative and below 2^64", value);
  return value.get<std::uint64_t>();
}

bool read_flag(const Json& value, const Path& path) {
  if (!value.is_boolean()) expected(path, "true or false", value);
  return value.get<bool>();
}

Duration read_milliseconds(const Json& value, const Path& path) {
  if (!value.is_number()) expected(path, "a number of milliseconds", value);
  const auto number = value.get<double>();
  if (number < 0 || number > kLongestMs) {
    throw ScriptError(path.text(), "is " + value.dump() + "; it must be in 0..a year");
  }
  return Duration{std::llround(number * 1e6)};
}

Duration read_seconds(const Json& value, const Path& path) {
  const std::uint64_t seconds = read_count(value, path);
  constexpr auto kMost = static_cast<std::uint64_t>(kLongestMs / 1000);
  if (seconds > kMost) {
    throw ScriptError(path.text(), "is " + value.dump() + "; it must be in 0..a year");
  }
  return std::chrono::seconds{seconds};
}

template <typename Item, typename Read>
std::vector<Item> read_list(const Json& value, const Path& path, Read read) {
  if (!value.is_array()) expected(path, "a list", value);
  std::vector<Item> items;
  items.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    items.push_back(read(value[i], path.at(i)));
  }
  return items;
}

http::Headers read_headers(const Json& value, const Path& path) {
  if (!value.is_object()) expected(path, "an object", value);
  http::Headers headers;
  for (const auto& member : value.items()) {
    const Path where = path.at(member.key());
    if (member.value().is_array()) {
      for (auto& text : read_list<std::string>(member.value(), where, read_text)) {
        headers.add(member.key(), std::move(text));
      }
    } else if (member.value().is_number_integer()) {
      headers.add(member.key(), member.value().dump());  // {"Retry-After": 3}
    } else {
      headers.add(member.key(), read_text(member.value(), where));
    }
  }
  return headers;
}

EventResult read_result(const Json& value, const Path& path) {
  if (value.is_string()) return EventResult(value.get<std::string>());
  if (value.is_null()) return EventResult::missing();
  if (!value.is_object()) expected(path, "a text, an object or null", value);
  const Fields fields(value, path);
  fields.allow_only({"result", "details"});
  const Json* result = fields.find("result");
  if (result == nullptr) throw ScriptError(fields.path("result").text(), "is missing");
  std::optional<std::string> details;
  fields.set("details", details, read_text);
  return {read_text(*result, fields.path("result")), details};
}

std::int64_t read_index(const Json& value, const Path& path) {
  if (!value.is_number_integer()) expected(path, "a whole number", value);
  return value.get<std::int64_t>();
}

EventError read_error(const Json& value, const Path& path) {
  EventError error;
  if (!value.is_object()) {
    error.index = read_index(value, path);
    return error;
  }
  const Fields fields(value, path);
  fields.allow_only({"index", "reason", "message"});
  const Json* index = fields.find("index");
  if (index == nullptr) throw ScriptError(fields.path("index").text(), "is missing");
  error.index = read_index(*index, fields.path("index"));
  fields.set("reason", error.reason, read_text);
  fields.set("message", error.message, read_text);
  return error;
}

int read_status(const Fields& fields) {
  const Json* status = fields.find("status");
  const Json* suite_status = fields.find("status_code");
  if (status != nullptr && suite_status != nullptr) {
    throw ScriptError(fields.path("status_code").text(), "is given beside status");
  }
  const std::string_view key = status != nullptr ? "status" : "status_code";
  const Json* given = status != nullptr ? status : suite_status;
  if (given == nullptr) return 200;
  if (!given->is_number_integer()) expected(fields.path(key), "a whole number", *given);
  // check() looks at the range; here it only has to fit.
  return static_cast<int>(std::clamp<std::int64_t>(given->get<std::int64_t>(), -1, 100'000));
}

http::Fault read_fault(const Json& value, const Path& path) {
  const std::string name = read_text(value, path);
  const auto fault = parse_fault(name);
  if (!fault) throw ScriptError(path.text(), "names no fault: \"" + name + '"');
  return *fault;
}

Step read_step(const Json& value, const Path& path) {
  const Fields fields(value, path);
  fields.allow_only({"status", "status_code", "headers", "body", "v1_event_results", "event_errors",
                     "retry_after_date", "delay_ms", "fault", "fault_bytes", "processed",
                     "repeat"});
  Step step;
  step.status = read_status(fields);
  fields.set("headers", step.headers, read_headers);
  fields.set("body", step.body, [](const Json& given, const Path&) {
    return given.is_string() ? given.get<std::string>() : given.dump();
  });
  fields.set("v1_event_results", step.v1_event_results, [](const Json& given, const Path& where) {
    return read_list<EventResult>(given, where, read_result);
  });
  fields.set("event_errors", step.event_errors, [](const Json& given, const Path& where) {
    return read_list<EventError>(given, where, read_error);
  });
  fields.set("retry_after_date", step.retry_after_date, read_seconds);
  fields.set("delay_ms", step.delay, read_milliseconds);
  fields.set("fault", step.fault, read_fault);
  fields.set("fault_bytes", step.fault_bytes, read_count);
  fields.set("processed", step.processed, read_flag);
  fields.set("repeat", step.repeat, read_count);
  return step;
}

std::vector<Step> read_steps(const Json& value, const Path& path) {
  return read_list<Step>(value, path, read_step);
}

WhenExhausted read_when_exhausted(const Json& value, const Path& path) {
  const std::string name = read_text(value, path);
  if (name == "default") return WhenExhausted::use_default;
  if (name == "repeat_last") return WhenExhausted::repeat_last;
  if (name == "error") return WhenExhausted::error;
  throw ScriptError(path.text(), "must be default, repeat_last or error, and is \"" + name + '"');
}

Sequence read_sequence(const Json& value, const Path& path) {
  const Fields fields(value, path);
  fields.allow_only({"name", "path", "method", "steps", "when_exhausted"});
  Sequence sequence;
  fields.set("name", sequence.name, read_text);
  fields.set("path", sequence.path, read_text);
  fields.set("method", sequence.method, read_text);
  fields.set("steps", sequence.steps, read_steps);
  fields.set("when_exhausted", sequence.when_exhausted, read_when_exhausted);
  return sequence;
}

}  // namespace

Script parse_script(const Json& value) {
  const Path whole;
  const Fields fields(value, whole);
  fields.allow_only({"responses", "default", "sequences", "flags", "latency_ms", "max_body_bytes",
                     "max_batch_events"});
  Script script;
  fields.set("responses", script.responses, read_steps);
  fields.set("default", script.default_response, read_step);
  fields.set("sequences", script.sequences, [](const Json& given, const Path& where) {
    return read_list<Sequence>(given, where, read_sequence);
  });
  fields.set("flags", script.flags, [](const Json& given, const Path& where) {
    return FlagBook::parse(given, where.text());
  });
  fields.set("latency_ms", script.latency, read_milliseconds);
  fields.set("max_body_bytes", script.max_body_bytes, read_count);
  fields.set("max_batch_events", script.max_batch_events, read_count);
  check(script);
  return script;
}

Script parse_script(std::string_view text) {
  const JsonText read = read_json(text);
  if (!read.value) throw ScriptError("", "is not JSON: " + read.error);
  if (!read.duplicate_keys.empty()) {
    throw ScriptError(read.duplicate_keys.front(), "occurs twice");
  }
  return parse_script(*read.value);
}

}  // namespace lockstep::mock
