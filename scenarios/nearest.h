// Of a check that failed: which request came nearest to what the check asks for, and in what the
// two differ.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "http/message.h"
#include "scenarios/node.h"

namespace lockstep::scenario {

// A request as far as a check may look at it.
struct Candidate {
  std::string line;  // for people: "#2  0.203s  POST /batch/  ..."
  std::string path;
  http::Headers headers;
  std::shared_ptr<const nlohmann::json> body;  // parsed; nullptr where there is none
};

// `params` are the check's. What they name is looked for in each request, be it as a name (of a
// header, a property) or as a value. "#2 ... has order placed; its plan is free, not pro". Empty
// where no request has anything of it, or where one has everything.
std::string nearest(const Node& params, const std::vector<Candidate>& requests);

}  // namespace lockstep::scenario
