#include "sdk/json.h"

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace lockstep {

void set_json(Properties& properties, std::string_view name, const nlohmann::json& value) {
  const std::string text = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  properties.set(name, Json{text});
}

Properties properties_from_json(const nlohmann::json& object) {
  if (!object.is_object()) throw std::invalid_argument("properties must be a JSON object");
  Properties properties;
  for (const auto& [name, value] : object.items()) set_json(properties, name, value);
  return properties;
}

nlohmann::json json_of(const Properties& properties, std::string_view name) {
  const auto text = properties.json(name);
  if (!text) return nullptr;
  return nlohmann::json::parse(text->begin(), text->end(), nullptr, false);
}

}  // namespace lockstep
