// What assertion actions share: which requests and events a step is about, and JSON in messages.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/action.h"
#include "scenarios/node_json.h"
#include "scenarios/seen.h"

namespace lockstep::scenario {

using Requests = std::vector<const Seen*>;

// The capture requests of the step's client, /flags left aside.
Requests capture_requests(World& world, const Step& step);
Requests flags_requests(World& world, const Step& step);

// The request that `index` names, from the end where it is negative; nullptr when there is none.
const Seen* request_at(const Requests& requests, std::int64_t index);

// All events of the requests, in order, repeats included.
std::vector<nlohmann::json> events_of(const Requests& requests);

// The member with a path of dots ("person_properties.$device_id", names with dots first); null when
// there is none.
nlohmann::json member(const nlohmann::json& object, const std::string& path);

// RFC 3339 in UTC, with 'T' and with 'Z' or a zero offset: the one form the suite takes.
bool is_canonical_rfc3339(std::string_view text);

// A failure unless `holds`.
Finding unless(bool holds, std::string expected, std::string seen);
// A complaint unless the text "pattern" is a regular expression.
std::optional<Complaint> check_pattern(const Node& params);
// "1 request", "3 requests".
std::string counted(std::size_t count, std::string_view noun);
// The header's value, or "no X-Name header".
std::string header_text(const Seen& seen, std::string_view name);

}  // namespace lockstep::scenario
