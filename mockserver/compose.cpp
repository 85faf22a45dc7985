#include "mockserver/compose.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "clock/timestamp.h"
#include "mockserver/json_text.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

// What a request said may be anything; an answer is UTF-8 all the same.
std::string text_of(const Json& answer) {
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_success(int status) { return status >= 200 && status < 300; }

// What capture v1 retries; it gives these a Retry-After. 502 comes from proxies, 429 it never
// sends.
bool is_retryable(int status) {
  return status == 408 || status == 500 || status == 503 || status == 504;
}

std::string_view error_tag(int status) {
  switch (status) {
    case 400:
      return "request_parsing_error";
    case 401:
      return "missing_authorization";
    case 402:
      return "billing_limit_exceeded";
    case 408:
      return "body_read_timeout";
    case 413:
      return "payload_too_large";
    case 415:
      return "unsupported_content_type";
    case 500:
      return "internal_error";
    case 503:
      return "service_unavailable";
    case 504:
      return "gateway_timeout";
    default:
      return "server_error";
  }
}

void set_default(http::Headers& headers, std::string_view name, std::string value) {
  if (!headers.has(name)) headers.add(std::string(name), std::move(value));
}

// The results of one answer, by uuid: the order is the batch's, and a uuid that occurs twice keeps
// its first place and its last result.
class Results {
 public:
  void put(const std::string& uuid, const EventResult& result) {
    const auto [place, is_new] = places_.try_emplace(uuid, entries_.size());
    if (is_new) entries_.emplace_back(uuid, result);
    entries_[place->second].second = result;
  }

  bool any_retry() const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [](const auto& entry) { return entry.second.result == "retry"; });
  }

  std::string to_body(bool sorted) const {
    std::string body = R"({"results":{)";
    const auto write = [&](const std::pair<std::string, EventResult>& entry) {
      if (body.back() != '{') body += ',';
      append_quoted(body, entry.first);
      body += R"(:{"result":)";
      append_quoted(body, entry.second.result);
      if (entry.second.details) {
        body += R"(,"details":)";
        append_quoted(body, *entry.second.details);
      }
      body += '}';
    };
    if (sorted) {
      for (const auto& place : places_) write(entries_[place.second]);
    } else {
      for (const auto& entry : entries_) write(entry);
    }
    return body + "}}";
  }

 private:
  std::vector<std::pair<std::string, EventResult>> entries_;
  std::map<std::string, std::size_t> places_;
};

// PostHog's results by which the event is taken; "limited" is the older name of "warning".
bool is_taken(std::string_view result) {
  return result == "ok" || result == "warning" || result == "limited";
}

class Composer {
 public:
  Composer(Step step, const ParsedRequest& request, const Judgement& judgement, bool suite)
      : step_(std::move(step)), request_(request), judgement_(judgement), suite_(suite) {}

  Answer run() {
    const bool with_results = step_.v1_event_results && request_.event_count() > 0;
    const bool with_errors = step_.event_errors && request_.route == Route::confidence;
    if (judgement_.refusal && (with_results || with_errors || is_success(step_.status))) {
      refuse();
    } else if (with_results) {
      put_results(*step_.v1_event_results);
    } else if (with_errors) {
      put_errors(*step_.event_errors);
    }
    if (step_.retry_after_date) {
      const WallTime date = request_.arrival.wall + *step_.retry_after_date;
      step_.headers.set("Retry-After", to_http_date(date));
    }
    if (request_.route == Route::v1) add_v1_parts();
    Answer answer;
    answer.accepted = accepted();
    answer.body_filled_in = !step_.body;
    fill_body();
    answer.response = {step_.status, std::move(step_.headers), step_.body.value_or("")};
    return answer;
  }

 private:
  void refuse() {
    const Refusal& refusal = *judgement_.refusal;
    step_.status = refusal.status;
    step_.headers = {};
    step_.body = refusal_body(refusal);
  }

  // In the words of the service that the route belongs to.
  std::string refusal_body(const Refusal& refusal) const {
    if (request_.route == Route::confidence) {
      return text_of({{"code", refusal.tag}, {"message", refusal.description}});
    }
    if (request_.route == Route::segment) {
      return text_of({{"success", false}, {"code", refusal.tag}, {"message", refusal.description}});
    }
    return error_body(refusal.tag, refusal.description);
  }

  void put_errors(const std::vector<EventError>& given) {
    Json errors = Json::array();
    for (const EventError& error : given) {
      Json& entry = errors.emplace_back(Json{{"reason", error.reason}});
      if (error.index != 0) entry["index"] = error.index;  // proto3's JSON leaves out what is 0
      if (!error.message.empty()) entry["message"] = error.message;
    }
    step_.status = 200;
    step_.body = text_of({{"errors", std::move(errors)}});
  }

  void put_results(const std::vector<EventResult>& given) {
    Results results;
    for (std::size_t i = 0; i < request_.event_count(); ++i) {
      const std::string& uuid = (*request_.events)[i].uuid;
      const auto drop = judgement_.drops.find(i);
      const EventResult result = drop != judgement_.drops.end() ? EventResult("drop", drop->second)
                                 : i < given.size()             ? given[i]
                                                                : EventResult("ok");
      taken_.push_back(!result.is_missing && is_taken(result.result));
      if (!result.is_missing) {
        results.put(uuid.empty() ? "unknown-" + std::to_string(i) : uuid, result);
      }
    }
    step_.status = 200;
    step_.body = results.to_body(suite_);
    if (results.any_retry()) set_default(step_.headers, "Retry-After", "1");
  }

  void add_v1_parts() {
    const bool bare = suite_ && !request_.events && step_.status == 200 && !step_.body;
    if (bare) return;
    set_default(step_.headers, "Date", to_http_date(request_.arrival.wall));
    if (const auto id = request_.request.headers.get("PostHog-Request-Id")) {
      set_default(step_.headers, "PostHog-Request-Id", std::string(*id));
    }
    if (is_retryable(step_.status)) set_default(step_.headers, "Retry-After", "1");
    if (step_.body) return;
    if (step_.status >= 400) {
      step_.body = error_body(error_tag(step_.status),
                              "Mock server returned " + std::to_string(step_.status));
    } else if (step_.status == 200 && request_.event_count() > 0) {
      put_results({});
    }
  }

  std::vector<bool> accepted() const {
    const std::size_t events = request_.event_count();
    if (!is_capture(request_.route)) return {};
    if (!taken_.empty()) return taken_;
    if (request_.route == Route::confidence) return not_in_errors();
    if (request_.route != Route::v1) {
      std::vector<bool> taken(events, is_success(step_.status));
      for (const auto& drop : judgement_.drops) taken[drop.first] = false;
      return taken;
    }
    return step_.status == 200 && step_.body ? taken_by(*step_.body)
                                             : std::vector<bool>(events, false);
  }

  // A scripted body decides by what it says of each uuid.
  std::vector<bool> taken_by(const std::string& body) const {
    std::vector<bool> taken(request_.event_count(), false);
    const JsonText read = read_json(body);
    if (!read.value || !read.value->is_object() || !read.value->contains("results")) return taken;
    const Json& results = (*read.value)["results"];
    for (std::size_t i = 0; i < taken.size() && results.is_object(); ++i) {
      const auto entry = results.find((*request_.events)[i].uuid);
      taken[i] = entry != results.end() && entry->is_object() && entry->contains("result") &&
                 (*entry)["result"].is_string() &&
                 is_taken((*entry)["result"].get_ref<const std::string&>());
    }
    return taken;
  }

  // An answer that is none of the service's takes nothing.
  std::vector<bool> not_in_errors() const {
    std::vector<bool> taken(request_.event_count(), is_success(step_.status));
    if (!is_success(step_.status) || !step_.body) return taken;
    const JsonText read = read_json(*step_.body);
    if (!read.value || !read.value->is_object()) {
      taken.assign(taken.size(), false);
      return taken;
    }
    const auto errors = read.value->find("errors");
    if (errors == read.value->end() || !errors->is_array()) return taken;
    for (const Json& error : *errors) {
      if (!error.is_object()) continue;
      // The service's JSON leaves out what is 0.
      const auto index = error.find("index");
      const std::size_t place = index == error.end()          ? 0
                                : index->is_number_unsigned() ? index->get<std::size_t>()
                                                              : taken.size();
      if (place < taken.size()) taken[place] = false;
    }
    return taken;
  }

  void fill_body() {
    if (step_.body) {
      if (request_.route == Route::flags && is_success(step_.status)) lay_over_flags();
      set_default(step_.headers, "Content-Type", content_type());
      return;
    }
    if (step_.status == 204 || step_.status == 304) return;
    const bool as_route = step_.status == 200 || (is_success(step_.status) && !suite_);
    if (as_route && is_beacon()) {
      step_.status = 204;
      return;
    }
    step_.body = as_route ? route_body() : R"({"error":"Server error"})";
    set_default(step_.headers, "Content-Type", "application/json");
  }

  // The browser's sendBeacon cannot read an answer.
  bool is_beacon() const {
    const bool is_v0 = request_.route == Route::batch || request_.route == Route::event ||
                       request_.route == Route::ai;
    return is_v0 && http::query_parameter(request_.request.url.query, "beacon") == "1";
  }

  std::string route_body() const {
    switch (request_.route) {
      case Route::v1:
        return R"({"results":{}})";
      case Route::flags:
        return default_flags().dump();
      case Route::segment:
        return R"({"success":true})";
      case Route::confidence:
        return R"({"errors":[]})";
      case Route::flag_backend:
      case Route::none:
        return "{}";
      default:
        return R"({"status":1})";
    }
  }

  static Json default_flags() {
    return {{"featureFlags", Json::object()},
            {"featureFlagPayloads", Json::object()},
            {"errorsWhileComputingFlags", false}};
  }

  // Tests spell out only what they are about. A body in the modern form, {"flags": {...}}, gets
  // none of the older form's fields, which a modern server does not send.
  void lay_over_flags() {
    const JsonText read = read_json(*step_.body);
    if (!read.value || !read.value->is_object()) return;
    Json body = default_flags();
    if (read.value->contains("flags")) {
      body.erase("featureFlags");
      body.erase("featureFlagPayloads");
    }
    body.update(*read.value);
    step_.body = body.dump();
  }

  std::string content_type() const {
    return is_json(*step_.body) ? "application/json" : "text/plain; charset=utf-8";
  }

  Step step_;
  const ParsedRequest& request_;
  const Judgement& judgement_;
  const bool suite_;
  std::vector<bool> taken_;  // by the results that were composed
};

}  // namespace

Answer compose(Step step, const ParsedRequest& request, const Judgement& judgement,
               bool suite_compatible) {
  return Composer(std::move(step), request, judgement, suite_compatible).run();
}

std::string error_body(std::string_view tag, std::string_view description) {
  std::string body = R"({"error":)";
  append_quoted(body, tag);
  body += R"(,"error_description":)";
  append_quoted(body, description);
  return body + R"(,"error_uri":"https://posthog.com/docs/api"})";
}

}  // namespace lockstep::mock
