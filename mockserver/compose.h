// Makes the answer to a request out of a step, as the shared suite's mock does and in its order.
//
// The rule of this file: a pure function. What the step says stands; what it leaves open is filled
// in by what the route would answer.
#pragma once

#include <vector>

#include "http/message.h"
#include "mockserver/ingest.h"
#include "mockserver/script.h"
#include "mockserver/validate.h"

namespace lockstep::mock {

struct Answer {
  http::Response response;
  bool body_filled_in = false;  // see JournalEntry
  // By place in the batch: whether the answer says that the event is taken. Empty where the request
  // is no capture request or holds no events.
  std::vector<bool> accepted;
};

// A refusal takes the place of what would have been a success. `suite_compatible` as in
// ServerOptions.
Answer compose(Step step, const ParsedRequest& request, const Judgement& judgement,
               bool suite_compatible);

// The JSON error of the service: {"error", "error_description", "error_uri"}.
std::string error_body(std::string_view tag, std::string_view description);

}  // namespace lockstep::mock
