#include "requests.h"

#include <cmath>

#include "clock/virtual_clock.h"

namespace lockstep::mock {

std::string uuid_of(int number) {
  std::string digits = std::to_string(number);
  return "01941f29-7c00-7aaa-8aaa-" + std::string(12 - digits.size(), '0') + digits;
}

Json event_of(int number) {
  return {{"event", "signed up"},
          {"distinct_id", "person-" + std::to_string(number)},
          {"uuid", uuid_of(number)},
          {"timestamp", "2025-01-01T00:00:00.000Z"},
          {"properties", {{"$lib", "test"}}}};
}

std::vector<Json> batch_of(int count) {
  std::vector<Json> batch;
  for (int number = 1; number <= count; ++number) batch.push_back(event_of(number));
  return batch;
}

http::Request get(const std::string& path_and_query) {
  http::Request request;
  request.url = *http::Url::parse("http://mock.test" + path_and_query);
  return request;
}

http::Request post(const std::string& path_and_query, const std::string& body) {
  http::Request request = get(path_and_query);
  request.method = "POST";
  request.headers.add("Content-Type", "application/json");
  request.body = body;
  return request;
}

http::Request v0(const std::vector<Json>& batch) {
  return post("/batch", Json{{"api_key", "phc_test"}, {"batch", batch}}.dump());
}

http::Request v1(const std::vector<Json>& batch) {
  auto request = post("/i/v1/analytics/events",
                      Json{{"created_at", "2025-01-01T00:00:00Z"}, {"batch", batch}}.dump());
  request.headers.add("Authorization", "Bearer phc_test");
  request.headers.add("PostHog-Sdk-Info", "lockstep/0.1.0");
  request.headers.add("PostHog-Attempt", "1");
  request.headers.add("PostHog-Request-Id", uuid_of(999));
  request.headers.add("PostHog-Request-Timestamp", "2025-01-01T00:00:00Z");
  request.headers.add("User-Agent", "lockstep/0.1.0");
  return request;
}

http::Request flags(const Json& body) { return post("/flags?v=2", body.dump()); }

namespace {

template <typename Make>
std::vector<Json> several(int count, Make make) {
  std::vector<Json> all;
  for (int number = 1; number <= count; ++number) all.push_back(make(number));
  return all;
}

}  // namespace

Json message_of(int number) {
  return {{"type", "track"},
          {"event", "signed up"},
          {"userId", "person-" + std::to_string(number)},
          {"messageId", uuid_of(number)},
          {"timestamp", "2025-01-01T00:00:00.000Z"}};
}

std::vector<Json> messages_of(int count) { return several(count, message_of); }

http::Request segment(const std::vector<Json>& messages) {
  auto request =
      post("/v1/batch", Json{{"batch", messages}, {"sentAt", "2025-01-01T00:00:01Z"}}.dump());
  request.headers.add("Authorization", "Basic d3JpdGU6");  // write:
  return request;
}

Json published_of(int number) {
  return {{"eventDefinition", "eventDefinitions/signed-up"},
          {"eventTime", "2025-01-01T00:00:00Z"},
          {"payload", {{"event_id", uuid_of(number)}, {"context", {{"targeting_key", "p"}}}}}};
}

std::vector<Json> published(int count) { return several(count, published_of); }

http::Request confidence(const std::vector<Json>& events) {
  return post("/v1/events:publish", Json{{"clientSecret", "s3cret"},
                                         {"sendTime", "2025-01-01T00:00:01Z"},
                                         {"sdk", {{"customId", "test"}, {"version", "1"}}},
                                         {"events", events}}
                                        .dump());
}

http::Request with_test_id(http::Request request, const std::string& test_id) {
  request.headers.set("X-Test-Id", test_id);
  return request;
}

Now at(double seconds) {
  const Duration since_start{std::llround(seconds * 1e9)};
  return {Instant{since_start}, VirtualClock::kDefaultStart + since_start};
}

Json json_of(const http::Reply& reply) { return Json::parse(reply.response.body); }

std::string header_of(const http::Reply& reply, const std::string& name) {
  return std::string(reply.response.headers.get(name).value_or(""));
}

Step status_step(int status) {
  Step step;
  step.status = status;
  return step;
}

std::vector<int> statuses(Server& server, const std::vector<http::Request>& requests) {
  std::vector<int> answered;
  for (const http::Request& request : requests) {
    answered.push_back(
        server.handle(request, at(static_cast<double>(answered.size()))).response.status);
  }
  return answered;
}

}  // namespace lockstep::mock
