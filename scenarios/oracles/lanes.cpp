#include "scenarios/oracles/lanes.h"

namespace lockstep::scenario {

bool is_ai_endpoint(const Seen& seen) {
  return seen.request.url.path.find("/ai/") != std::string::npos;
}

std::optional<Lane> lane_of(const Seen& seen) {
  if (seen.request.url.path.starts_with("/v1/")) return std::nullopt;
  if (is_ai_endpoint(seen)) return Lane::ai;
  return seen.is_historical ? Lane::historical : Lane::analytics;
}

}  // namespace lockstep::scenario
