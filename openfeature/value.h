// Values as OpenFeature defines them: what flags have, what contexts and tracking details hold.
//
// A Value owns what it holds and compares by type and content: the integer 1 and the number 1.0
// are two values, because OpenFeature tells integer flags from floating-point ones.
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "clock/time.h"

namespace lockstep::openfeature {

class Value;
using List = std::vector<Value>;
// By name, in the order of the names, so that what is written from it is the same everywhere.
using Structure = std::map<std::string, Value, std::less<>>;

// In the order of the alternatives of Value.
enum class ValueType : std::uint8_t {
  null,
  boolean,
  integer,
  number,  // floating-point
  string,
  datetime,
  list,
  structure,
};
// "null", "boolean", ...
std::string_view to_string(ValueType type) noexcept;

class Value {
 public:
  Value() noexcept = default;
  Value(std::nullptr_t) noexcept {}
  template <std::same_as<bool> Boolean>
  Value(Boolean value) noexcept : data_(value) {}
  // An unsigned number beyond the integers' range becomes a floating-point one.
  template <std::integral Integer>
  requires(!std::same_as<Integer, bool>) Value(Integer value)
  noexcept {
    if (std::in_range<std::int64_t>(value)) {
      data_ = static_cast<std::int64_t>(value);
    } else {
      data_ = static_cast<double>(value);
    }
  }
  Value(double value) noexcept : data_(value) {}
  Value(std::string value) noexcept : data_(std::move(value)) {}
  Value(std::string_view value) : data_(std::string(value)) {}
  Value(const char* value) : data_(std::string(value)) {}
  Value(WallTime value) noexcept : data_(value) {}
  Value(List value) noexcept : data_(std::move(value)) {}
  Value(Structure value) noexcept : data_(std::move(value)) {}

  ValueType type() const noexcept { return static_cast<ValueType>(data_.index()); }
  bool is_null() const noexcept { return type() == ValueType::null; }

  // Each of these gives nothing for a value of another type; nothing is converted.
  std::optional<bool> as_boolean() const noexcept { return copy<bool>(); }
  std::optional<std::int64_t> as_integer() const noexcept { return copy<std::int64_t>(); }
  std::optional<double> as_number() const noexcept { return copy<double>(); }
  std::optional<WallTime> as_datetime() const noexcept { return copy<WallTime>(); }
  const std::string* as_string() const noexcept { return std::get_if<std::string>(&data_); }
  const List* as_list() const noexcept { return std::get_if<List>(&data_); }
  const Structure* as_structure() const noexcept { return std::get_if<Structure>(&data_); }

  // An integer or a floating-point number, as the latter; nothing for any other type.
  std::optional<double> as_any_number() const noexcept;

  bool operator==(const Value& other) const = default;

 private:
  template <typename T>
  std::optional<T> copy() const noexcept {
    const T* held = std::get_if<T>(&data_);
    return held != nullptr ? std::optional<T>(*held) : std::nullopt;
  }

  std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, WallTime, List, Structure>
      data_;
};

// JSON text. Integers and numbers stay apart (1 and 1.0); dates are written as RFC 3339 strings,
// numbers that JSON has no text for as null.
std::string to_json(const Value& value);
// Of JSON text, whose strings stay strings. Nothing when it is no JSON document, or nests deeper
// than a hundred levels.
std::optional<Value> from_json(std::string_view json);

// The tagged form of a flag's value, of four kinds:
//   {"kind": "bool", "value": true}   {"kind": "string", "value": "a"}
//   {"kind": "int", "value": 7}       {"kind": "json", "value": "[1.5]"}
// What is none of the first three is a JSON document, as text. A date comes back as a string.
std::string to_tagged_json(const Value& value);
// Nothing for any other text than one of the four, a value of another type than its tag included.
std::optional<Value> from_tagged_json(std::string_view json);

}  // namespace lockstep::openfeature
