// The flags that the mock's flag backends know (flag_backends.h): one definition for all of them,
// each of which tells of it in its own words.
//
// As JSON, one member for each flag:
//   {"checkout": {"value": "v2", "variant": "new", "reason": "TARGETING_MATCH", "enabled": true,
//                 "payload": {...}, "metadata": {...},
//                 "subjects": {"user-2": {"value": "v1"}}},
//    "broken": {"error": "PARSE_ERROR"}, "uncomputed": {"failed": true}}
// Everything is optional. A flag without "value" has none; "enabled" is true unless the value is
// false; what stands under a subject is laid over the rest for a context of that subject.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace lockstep::mock {

// A plain value: copies share what was read.
class FlagBook {
 public:
  FlagBook() = default;
  // Throws ScriptError (script.h) with the place of what is wrong, below `path`.
  static FlagBook parse(const nlohmann::json& flags, const std::string& path);

  bool empty() const noexcept { return content_ == nullptr; }
  std::vector<std::string> keys() const;
  // The flag for that subject; null JSON where there is no such flag.
  nlohmann::json find(std::string_view key, std::string_view subject) const;
  // The same for equal books, and for no other.
  std::string etag() const;

 private:
  struct Content;
  std::shared_ptr<const Content> content_;
};

}  // namespace lockstep::mock
