#include "mockserver/control.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "mockserver/report.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kPrefix = "/_control";

http::Response answer(int status, const Json& body) {
  return {status,
          {{"Content-Type", "application/json"}},
          body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

http::Response wrong(const std::string& field, const std::string& problem) {
  return answer(400, {{"error", problem}, {"field", field}});
}

template <typename Items>
Json list_of(const Items& items) {
  Json list = Json::array();
  for (const auto& item : items) list.push_back(to_json(item));
  return list;
}

http::Response get_requests(Server& server, const http::Request&, const std::string& test_id) {
  return answer(200, {{"requests", list_of(server.journal(test_id))}});
}

http::Response clear_requests(Server& server, const http::Request&, const std::string& test_id) {
  server.clear_requests(test_id);
  return answer(200, {{"success", true}});
}

http::Response reset(Server& server, const http::Request&, const std::string& test_id) {
  server.reset(test_id);
  return answer(200, {{"success", true}});
}

http::Response configure(Server& server, const http::Request& request, const std::string& test_id) {
  try {
    server.script(parse_script(std::string_view(request.body)), test_id);
  } catch (const ScriptError& error) {
    return wrong(error.path(), error.what());
  }
  return answer(200, {{"success", true}});
}

http::Response get_stored(Server& server, const http::Request&, const std::string& test_id) {
  return answer(200, {{"events", list_of(server.stored(test_id))}});
}

http::Response get_violations(Server& server, const http::Request&, const std::string& test_id) {
  return answer(200, {{"violations", list_of(server.violations(test_id))}});
}

http::Response get_partitions(Server& server, const http::Request&, const std::string&) {
  return answer(200, {{"partitions", list_of(server.partitions())},
                      {"unrouted", server.unrouted()},
                      {"unrouted_count", server.unrouted_count()}});
}

struct Operation {
  std::string_view method;
  std::string_view path;  // after the prefix
  http::Response (*run)(Server& server, const http::Request& request, const std::string& test_id);
};

constexpr Operation kOperations[] = {
    {"GET", "/requests", get_requests},
    {"POST", "/requests/clear", clear_requests},
    {"POST", "/reset", reset},
    {"POST", "/configure", configure},
    {"GET", "/stored", get_stored},
    {"GET", "/violations", get_violations},
    {"GET", "/partitions", get_partitions},
};

}  // namespace

bool is_control(std::string_view path) noexcept {
  return path.starts_with(kPrefix) &&
         (path.size() == kPrefix.size() || path[kPrefix.size()] == '/');
}

http::Response control(Server& server, const http::Request& request) {
  const auto header = request.headers.get("X-Test-Id");
  const auto parameter = http::query_parameter(request.url.query, "test_id");
  if (header && parameter && *header != *parameter) {
    return wrong("test_id", "X-Test-Id and ?test_id= name two partitions");
  }
  const std::string test_id = parameter.value_or(std::string(header.value_or("")));
  const auto path = without_trailing_slash(request.url.path).substr(kPrefix.size());
  const Operation* other_method = nullptr;
  for (const Operation& operation : kOperations) {
    if (operation.path != path) continue;
    if (operation.method == request.method) return operation.run(server, request, test_id);
    other_method = &operation;
  }
  if (other_method == nullptr) return answer(404, {{"error", "no such control path"}});
  auto response = answer(405, {{"error", "this control path takes another method"}});
  response.headers.add("Allow", std::string(other_method->method));
  return response;
}

}  // namespace lockstep::mock
