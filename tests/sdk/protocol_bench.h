// What the protocol tests stand on: events rendered and parsed back, batches, answers.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sdk/options.h"
#include "sdk/protocol/protocol.h"

namespace lockstep {

inline constexpr std::string_view kKey = "phc_secret_key";
// 2025-01-01T00:00:00Z
inline constexpr WallTime kMidnight{std::chrono::seconds{1'735'689'600}};

Options protocol_options();

// The uuid of the n-th event of a test.
Uuid nth_uuid(std::uint64_t n);

// The event's JSON, parsed; fails the test when it is not JSON, names a member of an object twice,
// or has no uuid where render() says.
nlohmann::json rendered(const Protocol& protocol, const Event& event);
// The same for properties that the caller only lends.
nlohmann::json rendered(const Protocol& protocol, std::span<const Property> properties);

// A batch of `count` small events, numbered from 0.
engine::Batch make_batch(const Protocol& protocol, std::size_t count, Lane lane = Lane::analytics);

http::Response response(int status, std::string body = "", http::Headers headers = {});

}  // namespace lockstep
