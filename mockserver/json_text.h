// JSON as bytes: parsed with a bound on its depth, its repeated keys found, its elements located.
//
// The rule of this file: any text is safe input. The library's own parser takes any depth, and what
// walks the result later (writing it, comparing it) recurses; so depth is bounded here.
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::mock {

inline constexpr std::size_t kMaxJsonDepth = 200;

struct JsonText {
  std::shared_ptr<nlohmann::json> value;    // null where the text is not JSON
  std::string error;                        // why it is not
  std::vector<std::string> duplicate_keys;  // their paths; the last value of a key counts
};

JsonText read_json(std::string_view text);
// Whether it is JSON, of any depth.
bool is_json(std::string_view text);

struct Slice {
  std::size_t begin = 0;
  std::size_t size = 0;
};

// Where the elements of an array are in a JSON text that read_json() accepts: of the text itself
// when `key` is empty, else of that member of the object that the text is. Empty where there is no
// such array.
std::vector<Slice> array_elements(std::string_view text, std::string_view key);

// Appends the text as a JSON string; bytes that are not UTF-8 are replaced by U+FFFD.
void append_quoted(std::string& out, std::string_view text);

}  // namespace lockstep::mock
