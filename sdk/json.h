// nlohmann::json in and out of the SDK, for callers that hold JSON. The only public header that
// names a third-party type.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "sdk/event.h"

namespace lockstep {

// Sets a property to a JSON value. Strings in it that are not UTF-8 have the bad bytes replaced.
void set_json(Properties& properties, std::string_view name, const nlohmann::json& value);

// Properties from a JSON object. Throws std::invalid_argument when it is not an object.
Properties properties_from_json(const nlohmann::json& object);

// A property's value, parsed; null when there is none.
nlohmann::json json_of(const Properties& properties, std::string_view name);

}  // namespace lockstep
