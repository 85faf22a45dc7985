#include "tests/sdk/client_bench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace lockstep {

using nlohmann::json;
using std::chrono::seconds;

http::Reply ScriptedServer::handle(const http::Request& request, Now now) {
  http::Reply reply;
  if (request.url.path.ends_with("/flags")) {
    flags_seen.push_back({now.at, request});
    reply.response.status = 500;
    if (!flags_.empty()) {
      reply = std::move(flags_.front());
      flags_.pop_front();
    }
  } else {
    seen.push_back({now.at, request});
    if (!script_.empty()) {
      const Step step = std::move(script_.front());
      script_.pop_front();
      reply = step(request);
    }
  }
  reply.delay = delay;
  return reply;
}

void ScriptedServer::then(int status, http::Headers headers, std::string body) {
  script_.push_back([=](const http::Request&) { return http::Reply{{status, headers, body}}; });
}

void ScriptedServer::then(http::Fault fault) {
  script_.push_back([=](const http::Request&) {
    http::Reply reply;
    reply.fault = fault;
    return reply;
  });
}

void ScriptedServer::then_results(std::string letters) {
  script_.push_back([=](const http::Request& request) {
    const json batch = json::parse(request.body)["batch"];
    json results = json::object();
    for (std::size_t i = 0; i < batch.size() && i < letters.size(); ++i) {
      const char* result = letters[i] == 'd' ? "drop" : letters[i] == 'r' ? "retry" : "ok";
      results[batch[i]["uuid"].get<std::string>()] = {{"result", result}};
    }
    return http::Reply{{200, {}, json{{"results", results}}.dump()}};
  });
}

void ScriptedServer::then_flags(int status, std::string body) {
  flags_.push_back({{status, {}, std::move(body)}});
}

json ScriptedServer::body(std::size_t i) const { return json::parse(seen.at(i).request.body); }

std::vector<std::string> ScriptedServer::names(std::size_t i) const {
  std::vector<std::string> result;
  const json batch = body(i)["batch"];
  for (const json& event : batch) result.push_back(event["event"].get<std::string>());
  return result;
}

std::vector<std::string> ScriptedServer::all_names() const {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    for (std::string& name : names(i)) result.push_back(std::move(name));
  }
  return result;
}

Options ClientBench::options() {
  Options options;
  options.api_key = "phc_test";
  options.host = "http://ingest.test";
  options.flush_at = 3;
  options.max_batch_size = 3;
  options.flush_interval = seconds{5};
  options.max_in_flight = 1;
  options.max_retries = 2;
  options.retry_initial_backoff = seconds{1};
  options.retry_max_backoff = seconds{8};
  options.retry_jitter_percent = 0;
  return options;
}

ClientBench::ClientBench(const std::function<void(Options&)>& adjust)
    : host(std::make_shared<SimHost>(server)) {
  Options wanted = options();
  wanted.on_outcome = [this](const Outcome& outcome) { outcomes.push_back(outcome); };
  wanted.on_request = [this](const RequestReport& report) { requests.push_back(report); };
  wanted.on_error = [this](const ErrorReport& report) { errors.push_back(report); };
  wanted.logger = [this](LogLevel, std::string_view line) { logged.emplace_back(line); };
  if (adjust) adjust(wanted);
  client = std::make_unique<Client>(std::move(wanted), host);
}

// Before the members that the callbacks write to. The callbacks of its last moments may ask for it.
ClientBench::~ClientBench() {
  if (client != nullptr) static_cast<void>(client->shutdown());
  client.reset();
}

Uuid ClientBench::capture(std::string_view name) {
  const CaptureResult result = client->capture("user", name);
  EXPECT_TRUE(result.ok()) << name << ": " << to_string(result.admission);
  names_.emplace_back(result.uuid, name);
  return result.uuid;
}

std::vector<std::string> ClientBench::ends() const {
  std::vector<std::string> result;
  for (const Outcome& outcome : outcomes) {
    const auto found = std::find_if(names_.begin(), names_.end(),
                                    [&](const auto& entry) { return entry.first == outcome.uuid; });
    const std::string name = found == names_.end() ? outcome.uuid.to_string() : found->second;
    const std::string_view end = outcome.unconfirmed ? "unconfirmed"
                                 : outcome.delivered ? "delivered"
                                                     : to_string(outcome.reason);
    result.push_back(name + ": " + std::string(end));
  }
  return result;
}

}  // namespace lockstep
