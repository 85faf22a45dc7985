// From what the SDK says to the JSON texts the suite reads. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "adapter/fields.h"
#include "adapter/instance.h"
#include "sdk/flags/flags.h"
#include "sdk/options.h"

namespace lockstep::adapter {

// {success: false, error, field}
std::string answer_bad_request(const BadRequest& error);
// {success: false, error}
std::string answer_error(std::string_view problem);
// {success: true}
std::string answer_success();
// {sdk_name, sdk_version, adapter_version, supports_parallel, capabilities, clock}. `compression`
// is what enable_compression turns on; clock is "virtual" or "system".
std::string answer_health(Capture capture, Compression compression, bool is_virtual);
// {success, uuid, admission, reason}: uuid as on the wire, null where the event was refused;
// admission and reason only where it was not accepted.
std::string answer_capture(const CaptureResult& result);
// {success, events_flushed, status, delivered, dropped, pending}
std::string answer_flush(const FlushReport& report);
// {success, value, payload, error}: payload and error only where there is one.
std::string answer_flag(const FlagResult& result);
// The suite's fields (pending_events, total_events_captured, total_events_sent, total_retries,
// last_error, requests_made) and what it lacks: refused and dropped events by reason, and which.
// nullptr: of a test id that has no client; all zeros then.
std::string answer_state(const InstanceState* state);

}  // namespace lockstep::adapter
