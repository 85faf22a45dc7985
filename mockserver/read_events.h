// The events in a request's body.
#pragma once

#include "mockserver/ingest.h"

namespace lockstep::mock {

// Fills is_json, json_error, is_historical and events of a request whose body and route are known.
void read_events(ParsedRequest& request);

}  // namespace lockstep::mock
