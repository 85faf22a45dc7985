// The result of asking the server for a feature flag.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>

#include "sdk/event.h"

namespace lockstep {

// A flag's value: off (false), on (true), or the name of a variant.
using FlagValue = std::variant<bool, std::string>;

struct FlagRequest {
  std::string key{};
  std::string distinct_id{};
  std::map<std::string, std::string> groups{};  // group type -> group key
  Properties person_properties{};
  std::map<std::string, Properties> group_properties{};  // group type -> properties
  std::optional<bool> disable_geoip{};                   // default: Options::disable_geoip
  bool send_event = true;                                // capture $feature_flag_called
};

struct FlagResult {
  // The server's answer; nothing when the flag is unknown to it or the request failed.
  std::optional<FlagValue> value;
  // The flag's payload as JSON text, where it has one.
  std::optional<std::string> payload;
  // Empty when the server answered; else why not ("timeout: ...", "status 500", "quota_limited").
  std::string error;

  // value, read as on or off.
  bool enabled(bool fallback = false) const;
};

}  // namespace lockstep
