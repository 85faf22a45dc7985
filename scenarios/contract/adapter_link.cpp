#include "scenarios/contract/adapter_link.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

namespace lockstep::contract {

namespace {

using nlohmann::json;

constexpr std::size_t kQuotedBytes = 200;

// The beginning of an answer, for an error text.
std::string quoted(const std::string& body) {
  const json text = body.substr(0, kQuotedBytes);
  return text.dump(-1, ' ', false, json::error_handler_t::replace) +
         (body.size() > kQuotedBytes ? "..." : "");
}

// The member of that name and type; throws what is wrong with it.
template <typename Value>
Value field_of(const json& object, const char* name, bool (json::*is_type)() const noexcept,
               std::string_view type) {
  const auto found = object.find(name);
  if (found == object.end()) throw AdapterError("has no member \"" + std::string(name) + '"');
  if (!((*found).*is_type)()) {
    throw AdapterError('"' + std::string(name) + "\" is not " + std::string(type));
  }
  return found->get<Value>();
}

std::string text_in(const json& object, const char* name) {
  return field_of<std::string>(object, name, &json::is_string, "a text");
}

std::uint64_t count_in(const json& object, const char* name) {
  const auto number = field_of<std::int64_t>(object, name, &json::is_number_integer, "a count");
  if (number < 0) throw AdapterError('"' + std::string(name) + "\" is negative");
  return static_cast<std::uint64_t>(number);
}

Health health_in(const json& answer) {
  Health health;
  health.sdk_name = text_in(answer, "sdk_name");
  health.sdk_version = text_in(answer, "sdk_version");
  health.adapter_version = text_in(answer, "adapter_version");
  if (answer.contains("supports_parallel")) {
    health.supports_parallel =
        field_of<bool>(answer, "supports_parallel", &json::is_boolean, "true or false");
  }
  for (const json& capability : answer.value("capabilities", json::array())) {
    if (!capability.is_string()) throw AdapterError("\"capabilities\" is not a list of texts");
    health.capabilities.insert(capability.get<std::string>());
  }
  const auto clock = answer.find("clock");
  health.has_virtual_clock = clock != answer.end() && *clock == "virtual";
  return health;
}

ClockState clock_in(const json& answer) {
  ClockState state;
  state.now_ms = static_cast<std::int64_t>(count_in(answer, "now_ms"));
  if (!answer.contains("next_ms") || !answer["next_ms"].is_null()) {
    state.next_ms = static_cast<std::int64_t>(count_in(answer, "next_ms"));
  }
  state.in_flight = count_in(answer, "in_flight");
  state.calls = count_in(answer, "calls");
  state.waiting = count_in(answer, "waiting");
  state.quiet = field_of<bool>(answer, "quiet", &json::is_boolean, "true or false");
  return state;
}

std::string text_of(const ClockStep& step) {
  json body = json::object();
  if (step.advance_to_ms) body["advance_to_ms"] = *step.advance_to_ms;
  if (step.wall_ms) body["wall_ms"] = *step.wall_ms;
  if (step.calls) body["calls"] = *step.calls;
  if (step.held) body["held"] = *step.held;
  if (step.max_wait_ms) body["max_wait_ms"] = *step.max_wait_ms;
  return body.dump();
}

// Reads an answer that must be a success and a JSON object.
template <typename Read>
auto read(const std::string& asked, const Answer& answer, Read read_object) {
  if (!answer.problem.empty()) throw AdapterError(answer.problem);
  if (answer.status < 200 || answer.status >= 300) {
    throw AdapterError(asked + ": status " + std::to_string(answer.status) + ", " +
                       quoted(answer.body));
  }
  const json object = json::parse(answer.body, nullptr, false);
  if (!object.is_object()) {
    throw AdapterError(asked + ": the answer is not a JSON object: " + quoted(answer.body));
  }
  try {
    return read_object(object);
  } catch (const std::exception& problem) {
    throw AdapterError(asked + ": the answer " + problem.what() + ": " + quoted(answer.body));
  }
}

CurlOptions curl_options() {
  CurlOptions options;
  options.no_proxy = "*";  // an adapter is a neighbour; a proxy would not find it
  return options;
}

}  // namespace

AdapterLink::AdapterLink(http::Url base, LinkOptions options)
    : base_(std::move(base)), options_(options), transport_(clock_, curl_options()) {}

std::string AdapterLink::asked(std::string_view method, std::string_view path) const {
  return "the adapter at " + base_.origin() + ", asked " + std::string(method) + ' ' +
         std::string(path);
}

AdapterLink::CallId AdapterLink::start(std::string_view method, std::string_view path,
                                       const std::optional<std::string>& body,
                                       std::string_view test_id) {
  http::Request request;
  request.method = method;
  request.url = base_;
  if (request.url.path.ends_with('/')) request.url.path.pop_back();
  request.url.path += path;
  if (!test_id.empty()) request.url.query = "test_id=" + std::string(test_id);
  // What the original runner's client sends.
  if (method == "POST" || body) {
    request.headers.add("Content-Type", body ? "application/json" : "application/octet-stream");
  }
  request.headers.add("Accept", "*/*");
  if (!options_.keep_alive) request.headers.add("Connection", "close");
  request.body = body.value_or("");

  TransferLimits limits;
  limits.deadline = saturating_add(clock_.now(), options_.call_timeout);
  limits.connect_timeout = options_.connect_timeout;
  limits.max_body_bytes = options_.max_answer_bytes;
  const CallId call = ++last_call_;
  calls_.emplace(call, Pending{asked(method, path), std::nullopt});
  transport_.start(call, std::move(request), limits);
  return call;
}

void AdapterLink::collect() {
  for (Completion& completion : transport_.collect()) {
    const auto found = calls_.find(completion.id);
    if (found == calls_.end()) continue;
    Answer& answer = found->second.answer.emplace();
    if (auto* response = std::get_if<http::Response>(&completion.result)) {
      answer.status = response->status;
      answer.body = std::move(response->body);
    } else {
      const auto& error = std::get<http::TransportError>(completion.result);
      answer.problem = found->second.asked + ", does not answer: " + error.detail;
    }
  }
}

bool AdapterLink::ended(CallId call) {
  collect();
  return calls_.at(call).answer.has_value();
}

Answer AdapterLink::finish(CallId call) {
  while (!ended(call)) transport_.wait(kNever);  // the call's own deadline ends it
  Answer answer = std::move(*calls_.at(call).answer);
  calls_.erase(call);
  return answer;
}

void AdapterLink::abandon(CallId call) {
  transport_.cancel(call);
  calls_.erase(call);
}

Answer AdapterLink::call(std::string_view method, std::string_view path,
                         const std::optional<std::string>& body, std::string_view test_id) {
  return finish(start(method, path, body, test_id));
}

Health AdapterLink::health() {
  return read(asked("GET", "/health"), call("GET", "/health", std::nullopt, ""), health_in);
}

ClockState AdapterLink::step_clock(const ClockStep& step, std::string_view test_id) {
  return read(asked("POST", "/clock"), call("POST", "/clock", text_of(step), test_id), clock_in);
}

void AdapterLink::forget_clock(std::string_view test_id) {
  read(asked("DELETE", "/clock"), call("DELETE", "/clock", std::nullopt, test_id),
       [](const json&) { return 0; });
}

}  // namespace lockstep::contract
