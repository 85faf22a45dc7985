// What a caller hands to capture(): an event and its properties.
//
// Properties keep each value as the JSON text it will have on the wire, so an event is rendered
// once and a property set by a hook costs one append.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "clock/time.h"
#include "clock/uuid.h"

namespace lockstep {

// A JSON document as text. Checked when it is set; see Properties::set.
struct Json {
  std::string_view text;
};

// One property value, borrowed for the length of the call. Text must be UTF-8; bytes that are not
// are replaced by U+FFFD. NaN and infinities, which JSON lacks, become null.
class Value {
 public:
  enum class Kind : std::uint8_t { null, boolean, integer, natural, real, text, json };

  Value(std::nullptr_t) noexcept : kind_(Kind::null) {}
  Value(bool value) noexcept : kind_(Kind::boolean) { boolean_ = value; }
  template <typename T>
  requires(std::is_integral_v<T> && !std::is_same_v<T, bool>) Value(T value)
  noexcept {
    if constexpr (std::is_signed_v<T>) {
      kind_ = Kind::integer;
      integer_ = value;
    } else {
      kind_ = Kind::natural;
      natural_ = value;
    }
  }
  Value(double value) noexcept : kind_(Kind::real) { real_ = value; }
  Value(std::string_view value) noexcept : kind_(Kind::text) { text_ = value; }
  // A null pointer is null, like the answer of std::getenv() for a variable that is not set.
  Value(const char* value) noexcept
      : Value(value ? Value(std::string_view(value)) : Value(nullptr)) {}
  Value(const std::string& value) noexcept : Value(std::string_view(value)) {}
  Value(Json value) noexcept : kind_(Kind::json) { text_ = value.text; }

  Kind kind() const noexcept { return kind_; }
  bool boolean() const noexcept { return boolean_; }
  std::int64_t integer() const noexcept { return integer_; }
  std::uint64_t natural() const noexcept { return natural_; }
  double real() const noexcept { return real_; }
  // For Kind::text and Kind::json.
  std::string_view text() const noexcept { return text_; }

 private:
  Kind kind_ = Kind::null;
  union {
    bool boolean_;
    std::int64_t integer_;
    std::uint64_t natural_;
    double real_;
    std::string_view text_;
  };
};

// A name and a value, borrowed for the length of the call.
struct Property {
  std::string_view name;
  Value value;
};

// An ordered set of properties that owns its text. Names are unique: setting one again replaces its
// value and keeps its place. Not thread-safe.
class Properties {
 public:
  Properties() = default;
  Properties(std::initializer_list<Property> properties);

  // Sets a property. A Json value that is not one valid JSON document is refused: nothing changes
  // and false is returned.
  bool set(std::string_view name, const Value& value);
  bool erase(std::string_view name);
  // The value's JSON text; nothing when there is no such property.
  std::optional<std::string_view> json(std::string_view name) const;
  bool has(std::string_view name) const { return json(name).has_value(); }

  std::size_t size() const noexcept { return entries_.size(); }
  bool empty() const noexcept { return entries_.empty(); }
  // The i-th property's name and JSON text.
  std::pair<std::string_view, std::string_view> at(std::size_t i) const;

 private:
  struct Entry {
    std::uint32_t name_at, name_size, json_at, json_size;
  };
  std::size_t find(std::string_view name) const;  // size() when absent
  void compact();

  std::string text_;  // names and values, one after the other, with what was replaced in between
  std::size_t unused_ = 0;  // bytes of text_ that no entry names
  std::vector<Entry> entries_;
};

// Per-event ingestion options of PostHog's v1 protocol; the v0 protocol sends them as the `$`
// properties in parentheses. Unset ones are absent from the wire.
struct EventOptions {
  std::optional<bool> cookieless_mode{};          // ($cookieless_mode)
  std::optional<bool> disable_skew_correction{};  // ($ignore_sent_at)
  std::optional<bool> process_person_profile{};   // ($process_person_profile)
  std::optional<std::string> product_tour_id{};   // ($product_tour_id)
};

// The empty braces here and elsewhere: with them -Wextra accepts a designated initializer that
// leaves a member out.
struct Event {
  std::string name{};  // required
  // Required, unless options.process_person_profile is false: then the event may be nobody's, and
  // has its uuid as one.
  std::string distinct_id{};
  Properties properties{};
  std::optional<Uuid> uuid{};           // default: a new UUIDv7
  std::optional<WallTime> timestamp{};  // default: the wall time of the capture() call
  EventOptions options{};
  bool historical = false;  // send through the historical lane (historical_migration)
};

}  // namespace lockstep
