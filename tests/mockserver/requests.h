// Requests as the tests of the mock server send them. Well-formed ones pass strict mode.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "clock/time.h"
#include "http/message.h"
#include "mockserver/server.h"

namespace lockstep::mock {

using Json = nlohmann::json;

// A valid uuid that ends in the number.
std::string uuid_of(int number);

// A valid event with that uuid.
Json event_of(int number);
// Events 1 to `count`.
std::vector<Json> batch_of(int count);

http::Request get(const std::string& path_and_query);
http::Request post(const std::string& path_and_query, const std::string& body);
// POST /batch with {"api_key", "batch"}.
http::Request v0(const std::vector<Json>& batch);
// POST /i/v1/analytics/events with the headers it needs.
http::Request v1(const std::vector<Json>& batch);
http::Request flags(const Json& body);
// A valid message of Segment with that id; messages 1 to `count`; POST /v1/batch.
Json message_of(int number);
std::vector<Json> messages_of(int count);
http::Request segment(const std::vector<Json>& messages);
// A valid event of Confidence, with that event_id; events 1 to `count`; POST /v1/events:publish.
Json published_of(int number);
std::vector<Json> published(int count);
http::Request confidence(const std::vector<Json>& events);
http::Request with_test_id(http::Request request, const std::string& test_id);

// So many seconds after the start; the wall clock starts at 2025-01-01T00:00:00Z.
Now at(double seconds);

// The reply's body as JSON.
Json json_of(const http::Reply& reply);
// The header's value, "" where there is none.
std::string header_of(const http::Reply& reply, const std::string& name);

// A step of that status.
Step status_step(int status);
// Sends `requests` one second after the other and returns the statuses.
std::vector<int> statuses(Server& server, const std::vector<http::Request>& requests);

}  // namespace lockstep::mock
