// What the protocols share: property rendering, request parts, status classes, Retry-After; and
// what PostHog's share among themselves.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "sdk/protocol/protocol.h"

namespace lockstep::protocol {

inline constexpr std::string_view kLibraryName = "lockstep-cpp";
inline constexpr std::string_view kLibraryVersion = "0.1.0";
// Both, as servers are told: name/version.
const std::string& library_id();

// A per-event option: the property by which v0 sends it, and its name in v1's options object.
struct OptionName {
  std::string_view property;
  std::string_view option;
  std::optional<bool> EventOptions::*flag;  // nullptr: product_tour_id, the one that is text
};
inline constexpr std::array<OptionName, 4> kOptionNames{{
    {"$cookieless_mode", "cookieless_mode", &EventOptions::cookieless_mode},
    {"$ignore_sent_at", "disable_skew_correction", &EventOptions::disable_skew_correction},
    {"$process_person_profile", "process_person_profile", &EventOptions::process_person_profile},
    {"$product_tour_id", "product_tour_id", nullptr},
}};
// The option that travels as this property in v0; nullptr for a property that is none.
const OptionName* find_option(std::string_view property) noexcept;
bool is_set(const OptionName& name, const EventOptions* options) noexcept;
// Writes the value of an option that is set.
void write_option(const OptionName& name, const EventOptions& options, JsonWriter& out);

// Writes the properties that the event has itself, but for those that `skip(name)` holds of.
template <typename Skip>
void write_own(const PropertyList& properties, JsonWriter& out, bool& first, Skip skip) {
  for (std::size_t i = 0; i < properties.size(); ++i) {
    const std::string_view name = properties.name(i);
    if (properties.shadowed(i) || skip(name)) continue;
    out.member(name, first);
    properties.write_value(i, out);
  }
}

// Writes those that are added to every event, but for the ones that the event has itself.
template <typename Skip>
void write_added(const ProtocolConfig& config, const PropertyList& own, JsonWriter& out,
                 bool& first, Skip skip) {
  for (const auto& [name, json] : config.added_properties) {
    if (own.has(name) || skip(name)) continue;
    out.member(name, first);
    out.raw(json);
  }
}

// The two as JSON texts; of the uuid its 36 characters and the quotes around them.
void write_uuid(const Uuid& uuid, JsonWriter& out);
void write_time(WallTime time, JsonWriter& out);

// Begins an event's object with what stands at the root of it in every protocol: uuid, name and
// timestamp. Returns where the 36 characters of the uuid start.
std::size_t write_head(const EventView& event, JsonWriter& out);

// A POST to the host's `path`, with Content-Type, User-Agent and the configured headers.
http::Request make_post(const ProtocolConfig& config, std::string_view path);

// Appends the batch's events as a JSON array.
void append_events(const engine::Batch& batch, std::string& body);

// Appends the members of a request's body that hold the batch: `batch`, and what marks a historical
// one.
void append_batch(const engine::Batch& batch, std::string& body);

// The Retry-After of a response (RFC 9110 section 10.2.3), or what a header of another name says in
// its form: delay-seconds or one of the three HTTP date forms; the longest where there are several;
// nothing where there is none that can be read. Past dates give zero. Not yet cut to
// max_retry_after.
std::optional<Duration> retry_after(const http::Headers& headers, WallTime now,
                                    std::string_view header = "Retry-After");

// The verdict by status alone: 2xx delivered, 413 too large, 408, 429 and 5xx retry, else dropped.
// `detail` never holds the api key.
engine::Verdict classify(const http::Response& response, WallTime now, std::string_view api_key);

// Whether a server's JSON nests deeper than any sensible answer does. A parser would take seconds
// for a few megabytes of brackets, and the host's thread has other requests to look after.
bool nests_too_deep(std::string_view json) noexcept;
// A server's answer as JSON; null where it nests too deep, discarded where it is none: an object
// neither way.
nlohmann::json parse_answer(std::string_view body);

// `text` with the api key blacked out wherever it stands, unless it is too short to be a secret.
std::string without_key(std::string text, std::string_view api_key);

// The first characters of a text from a server, fit for a log line, with the api key blacked out.
std::string excerpt(std::string_view text, std::string_view api_key);

}  // namespace lockstep::protocol
