// Values as the original runner's language sees them: what Python calls equal, true, a whole number
// or a UUID. The contract's verdicts rest on it.
//
// The rule of this file: the answers are Python 3.12's, for all that a request or a contract can
// hold in ASCII; digits of other scripts, which Python takes as well, are refused.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep::contract {

// a == b: numbers by their exact value whatever their types, true as 1 and false as 0.
bool equal(const nlohmann::json& a, const nlohmann::json& b);

// bool(value): null, false, zero and what is empty are false.
bool truthy(const nlohmann::json& value);

// `name in value`: a member of an object, an element of a list, a part of a text. Nothing for other
// values, of which Python refuses to say.
std::optional<bool> contains(const nlohmann::json& value, const std::string& name);

// int(text) as its shortest decimal form ("-12"), of any size. Space around it, a sign, leading
// zeros and single underscores between digits are allowed. Nothing for any other text.
std::optional<std::string> whole_number(std::string_view text);

// Whether uuid.UUID(text) takes it: 32 hexadecimal digits, hyphens anywhere or nowhere, braces
// around them, "urn:" and "uuid:".
bool is_uuid(std::string_view text);

// Whether it is a time in the one form the suite takes, "YYYY-MM-DDTHH:MM:SS[.f](Z|+00:00)", of the
// years 1 to 9999. A second 60 is none.
bool is_rfc3339_utc(std::string_view text);
// Of such a text, what tells instants apart however precise they are: the date and time, and the
// fraction without zeros at its end. "2025-01-02T03:04:05.5".
std::string instant_of(std::string_view text);
// Of such a text: microseconds since 1970, more digits cut off.
std::int64_t microseconds_of(std::string_view text);

// text.format(index=index): "{index}" replaced, "{{" and "}}" as single braces. Throws
// std::invalid_argument, with what is wrong, for other braces; formats such as "{index:03}" are not
// supported.
std::string format_index(std::string_view text, std::int64_t index);

}  // namespace lockstep::contract
