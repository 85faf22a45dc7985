// What a map in a scenario file may hold: names, types, which are required. Every action's
// parameters and every options block is checked against one of these tables before anything runs,
// so the code that reads parameters afterwards (Params) does not have to doubt them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "scenarios/node.h"

namespace lockstep::scenario {

enum class Type : std::uint8_t {
  any,
  boolean,
  integer,  // not negative
  signed_integer,
  count,  // an integer, of what is made one by one: at most kMostMade
  size,   // an integer, of bytes that are made: at most kMostBytes
  number,
  text,
  scalar,           // anything but a list or a map
  duration,         // not negative: "300ms", "1h30m"
  signed_duration,  // "-2d" as well
  instant,          // an RFC 3339 date and time
  word,             // one of Field::words
  object,           // a map; its entries are Field::fields where there are any
  list,             // of maps of Field::fields where there are any, else of anything
  texts,            // a list of texts; of Field::words where there are any
};

// What a slip of the keyboard exceeds, and no scenario needs.
inline constexpr std::int64_t kMostMade = 1'000'000;
inline constexpr std::int64_t kMostBytes = 100'000'000;

struct Field {
  std::string_view name;
  Type type = Type::any;
  bool required = false;
  std::string_view help{};
  std::span<const Field> fields{};
  std::span<const std::string_view> words{};
};

// Checks `map` (nothing counts as an empty map) against `fields`. `owner` is named in the messages:
// "action \"wait\"". A required field that is missing is reported at `at`.
void check_fields(const Node& map, std::span<const Field> fields, const std::string& owner, Mark at,
                  const std::string& file, std::vector<Problem>& problems);

// Where in the file "sequences[0].steps[2].fault" of `root` stands, as far as it exists there.
Mark place_of(const Node& root, std::string_view path);

// Days, hours, minutes, seconds, ms, us and ns, largest first: "1d12h", "1.5s", "-250ms". At most
// nine digits after a point. Nothing for any other text, a bare number included.
std::optional<Duration> parse_duration(std::string_view text);
// The shortest such text: "1h30m", "250ms", "0s".
std::string to_text(Duration duration);

// Reads the fields of a checked map. Asking for a required field that is not there, or for one as
// another type than its schema says, is a bug of ours and throws std::logic_error.
class Params {
 public:
  explicit Params(const Node& map) noexcept : map_(map) {}

  bool has(std::string_view name) const noexcept { return map_.find(name) != nullptr; }
  const Node* find(std::string_view name) const noexcept { return map_.find(name); }
  const Node& node(std::string_view name) const;

  bool boolean(std::string_view name) const { return node(name).boolean(); }
  std::int64_t integer(std::string_view name) const { return node(name).integer(); }
  const std::string& text(std::string_view name) const { return node(name).text(); }
  Duration duration(std::string_view name) const;
  // An integer that is not negative, as so many of them; the longest duration where it is longer.
  Duration milliseconds(std::string_view name) const;

  bool boolean(std::string_view name, bool fallback) const {
    return has(name) ? boolean(name) : fallback;
  }
  std::int64_t integer(std::string_view name, std::int64_t fallback) const {
    return has(name) ? integer(name) : fallback;
  }
  std::string text(std::string_view name, std::string_view fallback) const {
    return has(name) ? text(name) : std::string(fallback);
  }
  Duration duration(std::string_view name, Duration fallback) const {
    return has(name) ? duration(name) : fallback;
  }
  std::vector<std::string> texts(std::string_view name) const;

 private:
  const Node& map_;
};

}  // namespace lockstep::scenario
