#include "tests/adapter/bench.h"

#include <gtest/gtest.h>

namespace lockstep::adapter {
namespace {

http::Request request_to(std::string_view method, std::string_view target, std::string body) {
  http::Request request;
  request.method = method;
  request.url = http::Url::parse("http://adapter.test" + std::string(target)).value();
  request.body = std::move(body);
  return request;
}

}  // namespace

Answer call_raw(http::Handler& handler, Now now, std::string_view method, std::string_view target,
                std::string body) {
  http::Reply reply = handler.handle(request_to(method, target, std::move(body)), now);
  Answer answer{reply.response.status, reply.response.headers, nullptr};
  if (!reply.response.body.empty()) answer.body = Json::parse(reply.response.body);
  return answer;
}

Answer call(http::Handler& handler, Now now, std::string_view method, std::string_view target,
            const Json& body) {
  return call_raw(handler, now, method, target, body.is_null() ? "" : body.dump());
}

Bench::Bench(const std::function<void(AdapterOptions&)>& adjust)
    : host(std::make_shared<SimHost>(server)) {
  AdapterOptions options;
  options.host = host;
  if (adjust) adjust(options);
  adapter = std::make_unique<Adapter>(std::move(options));
}

void Bench::init(const std::string& test_id, const Json& more) {
  Json body{{"api_key", "phc_secret_key"},
            {"host", "http://mock.test"},
            {"flush_interval_ms", 3'600'000},
            {"retry_jitter_percent", 0}};
  body.update(more);
  const Answer answer = post("/init" + query(test_id), body);
  ASSERT_EQ(answer.status, 200) << answer.body;
}

std::string Bench::capture(const std::string& name, const std::string& test_id) {
  const Answer answer =
      post("/capture" + query(test_id), {{"distinct_id", "user"}, {"event", name}});
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body["success"], true) << answer.body;
  return answer.body["uuid"];
}

void Bench::answers(const Json& responses, const std::string& test_id) {
  const Answer answer = call(server, host->clock().read(), "POST",
                             "/_control/configure" + query(test_id), {{"responses", responses}});
  ASSERT_EQ(answer.status, 200) << answer.body;
}

Json Bench::journal(const std::string& test_id) {
  return call(server, host->clock().read(), "GET", "/_control/requests" + query(test_id))
      .body["requests"];
}

std::string Bench::query(const std::string& test_id) {
  return test_id.empty() ? "" : "?test_id=" + test_id;
}

}  // namespace lockstep::adapter
