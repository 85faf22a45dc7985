// What the PostHog protocols share: property rendering, request parts, status classes, Retry-After.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sdk/protocol/protocol.h"

namespace lockstep::protocol {

inline constexpr std::string_view kLibraryName = "lockstep-cpp";
inline constexpr std::string_view kLibraryVersion = "0.1.0";

// Writes the members of `properties` that `skip` does not name (nullptr: none), then the added ones
// the event does not set itself.
using Skip = bool (*)(std::string_view name);
void write_properties(const PropertyList& properties, const ProtocolConfig& config, Skip skip,
                      JsonWriter& out, bool& first);

// Quoted.
void write_uuid(const Uuid& uuid, JsonWriter& out);
void write_time(WallTime time, JsonWriter& out);

// A POST to the host's `path`, with Content-Type, User-Agent and the configured headers.
http::Request make_post(const ProtocolConfig& config, std::string_view path);

// Appends the events' JSON, comma-separated.
void append_events(const engine::Batch& batch, std::string& body);

// The Retry-After of a response (RFC 9110 section 10.2.3): delay-seconds or one of the three HTTP date
// forms; the longest where there are several; nothing where there is none that can be read. Past dates
// give zero. Not yet cut to max_retry_after.
std::optional<Duration> retry_after(const http::Headers& headers, WallTime now);

// The verdict by status alone: 2xx delivered, 413 too large, 408, 429 and 5xx retry, else dropped.
// `detail` never holds the api key.
engine::Verdict classify(const http::Response& response, WallTime now, std::string_view api_key);

// The first characters of a text from a server, fit for a log line, with the api key blacked out.
std::string excerpt(std::string_view text, std::string_view api_key);

}  // namespace lockstep::protocol
