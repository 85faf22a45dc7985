#include "openfeature/value.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "clock/timestamp.h"
#include "sdk/json/writer.h"
#include "sdk/protocol/common.h"

namespace lockstep::openfeature {

namespace {

using nlohmann::json;

// A whole number keeps its ".0": without it, it would be read back as an integer.
void write_number(double number, JsonWriter& out) {
  const std::size_t start = out.size();
  out.real(number);
  const std::string_view written = out.text().substr(start);
  const bool whole =
      std::all_of(written.begin(), written.end(), [](char c) { return c < 'A' && c != '.'; });
  if (whole) out.raw(".0");
}

void write(const Value& value, JsonWriter& out);

void write_list(const List& list, JsonWriter& out) {
  out.raw('[');
  bool first = true;
  for (const Value& item : list) {
    if (!first) out.raw(',');
    first = false;
    write(item, out);
  }
  out.raw(']');
}

void write_structure(const Structure& structure, JsonWriter& out) {
  out.raw('{');
  bool first = true;
  for (const auto& [name, member] : structure) {
    out.member(name, first);
    write(member, out);
  }
  out.raw('}');
}

void write(const Value& value, JsonWriter& out) {
  switch (value.type()) {
    case ValueType::null:
      return out.raw("null");
    case ValueType::boolean:
      return out.raw(*value.as_boolean() ? "true" : "false");
    case ValueType::integer:
      return out.integer(*value.as_integer());
    case ValueType::number:
      return write_number(*value.as_number(), out);
    case ValueType::string:
      return out.string(*value.as_string());
    case ValueType::datetime:
      return out.string(to_rfc3339(*value.as_datetime()));
    case ValueType::list:
      return write_list(*value.as_list(), out);
    case ValueType::structure:
      return write_structure(*value.as_structure(), out);
  }
}

// Not deeper than from_json() lets through.
Value read(const json& document) {
  switch (document.type()) {
    case json::value_t::boolean:
      return document.get<bool>();
    case json::value_t::number_integer:
      return document.get<std::int64_t>();
    case json::value_t::number_unsigned:
      return document.get<std::uint64_t>();
    case json::value_t::number_float:
      return document.get<double>();
    case json::value_t::string:
      return document.get<std::string>();
    case json::value_t::array: {
      List list;
      for (const json& item : document) list.push_back(read(item));
      return list;
    }
    case json::value_t::object: {
      Structure structure;
      for (const auto& [name, member] : document.items()) structure.emplace(name, read(member));
      return structure;
    }
    default:
      return nullptr;
  }
}

}  // namespace

std::string_view to_string(ValueType type) noexcept {
  constexpr std::array<std::string_view, 8> kNames{"null",   "boolean",  "integer", "number",
                                                   "string", "datetime", "list",    "structure"};
  return kNames[static_cast<std::size_t>(type)];
}

std::optional<double> Value::as_any_number() const noexcept {
  if (const auto integer = as_integer()) return static_cast<double>(*integer);
  return as_number();
}

std::string to_json(const Value& value) {
  JsonWriter out;
  write(value, out);
  return std::string(out.text());
}

std::optional<Value> from_json(std::string_view text) {
  if (protocol::nests_too_deep(text)) return std::nullopt;
  const json document = json::parse(text.begin(), text.end(), nullptr, false);
  if (document.is_discarded()) return std::nullopt;
  return read(document);
}

std::string to_tagged_json(const Value& value) {
  std::string_view kind = "json";
  if (value.type() == ValueType::boolean) kind = "bool";
  if (value.type() == ValueType::string) kind = "string";
  if (value.type() == ValueType::integer) kind = "int";

  JsonWriter out;
  out.raw(R"({"kind":)");
  out.string(kind);
  out.raw(R"(,"value":)");
  if (kind == "json") {
    out.string(to_json(value));
  } else {
    write(value, out);
  }
  out.raw('}');
  return std::string(out.text());
}

std::optional<Value> from_tagged_json(std::string_view text) {
  const auto document = from_json(text);
  const Structure* tagged = document ? document->as_structure() : nullptr;
  if (tagged == nullptr || tagged->size() != 2) return std::nullopt;
  const auto kind = tagged->find("kind");
  const auto value = tagged->find("value");
  if (kind == tagged->end() || value == tagged->end()) return std::nullopt;

  const std::string* name = kind->second.as_string();
  if (name == nullptr) return std::nullopt;
  const ValueType type = value->second.type();
  if (*name == "json" && type == ValueType::string) return from_json(*value->second.as_string());
  const bool fits = (*name == "bool" && type == ValueType::boolean) ||
                    (*name == "string" && type == ValueType::string) ||
                    (*name == "int" && type == ValueType::integer);
  return fits ? std::optional<Value>(value->second) : std::nullopt;
}

}  // namespace lockstep::openfeature
