// From a request's text to the values the SDK takes. Pure functions; each throws BadRequest
// (fields.h) with the name of the member at fault, and has no effect then.
#pragma once

#include <string>
#include <string_view>

#include "adapter/fields.h"
#include "sdk/event.h"
#include "sdk/flags/flags.h"
#include "sdk/options.h"

namespace lockstep::adapter {

// What an adapter process decides for its clients.
struct InitDefaults {
  Capture capture = Capture::v0;
  Compression compression = Compression::none;  // what enable_compression turns on; none: gzip
};

// POST /init: api_key and host, the suite's own names (enable_compression), and each option of the
// SDK by its name in sdk/options.h, durations with the suffix _ms. Where the request is silent the
// suite's defaults hold: flush_at 100, flush_interval_ms 500, max_retries 3, no compression. A test
// id becomes the header X-Test-Id of all the client's requests.
Options parse_init(std::string_view body, const InitDefaults& defaults, std::string_view test_id);

// The same complaint under the name that /init has for the option, without the api key.
BadRequest bad_option(const ConfigError& error, std::string_view api_key);

// POST /capture and /capture_ai: distinct_id, event, properties, timestamp (RFC 3339, any offset),
// uuid, options, historical.
Event parse_event(std::string_view body);

// POST /get_feature_flag: key, distinct_id, person_properties, groups, group_properties,
// disable_geoip, send_event; force_remote is accepted, because every answer of this SDK comes from
// the server.
FlagRequest parse_flag(std::string_view body);

// POST /flush and /shutdown: timeout_ms in the body or in the query; `fallback` when in neither.
Duration parse_timeout(std::string_view body, std::string_view query, Duration fallback);

// The query's test_id; empty when there is none. It travels in a header, so only letters, digits
// and
// -._~:@+ are taken, and 128 of them at most.
std::string parse_test_id(std::string_view query);

}  // namespace lockstep::adapter
