#include "scenarios/oracles/lanes.h"

#include <nlohmann/json.hpp>

namespace lockstep::scenario {

bool is_ai_endpoint(const Seen& seen) {
  return seen.request.url.path.find("/ai/") != std::string::npos;
}

std::optional<Lane> lane_of(const Seen& seen) {
  if (seen.request.url.path.starts_with("/v1/")) return std::nullopt;
  if (is_ai_endpoint(seen)) return Lane::ai;
  const bool has_body = seen.body != nullptr && seen.body->is_object();
  const bool is_historical = has_body && seen.body->value("historical_migration", false);
  return is_historical ? Lane::historical : Lane::analytics;
}

}  // namespace lockstep::scenario
