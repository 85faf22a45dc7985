#include "mockserver/route.h"

#include "mockserver/flag_backends.h"

namespace lockstep::mock {

namespace {

struct Endpoint {
  std::string_view path;  // without a slash at its end; with and without one is served
  Route route;
  bool takes_get;  // besides POST
};

constexpr Endpoint kEndpoints[] = {
    {"/i/v1/analytics/events", Route::v1, false},
    {"/batch", Route::batch, false},
    {"/i/v0/ai/batch", Route::ai, false},
    {"/i/v0/e", Route::event, true},
    {"/e", Route::event, true},
    {"/capture", Route::event, true},
    {"/track", Route::event, true},
    {"/flags", Route::flags, false},
    {"/v1/batch", Route::segment, false},
    {"/v1/events:publish", Route::confidence, false},
};

// The one endpoint that exists only with the slash; without it, PostHog's server redirects.
constexpr std::string_view kSlashOnly = "/i/v0/ai/batch";

}  // namespace

RouteMatch find_route(std::string_view method, std::string_view path) {
  const bool slash = path.size() > 1 && path.ends_with('/');
  const std::string_view bare = slash ? path.substr(0, path.size() - 1) : path;
  for (const Endpoint& endpoint : kEndpoints) {
    if (bare != endpoint.path) continue;
    const bool fits =
        method == "POST" || (endpoint.takes_get && (method == "GET" || method == "HEAD"));
    if (!slash && bare == kSlashOnly) {
      return {RouteMatch::Kind::moved, Route::none, std::string(bare) + '/'};
    }
    if (fits) return {RouteMatch::Kind::found, endpoint.route, {}};
    return {RouteMatch::Kind::wrong_method, Route::none,
            endpoint.takes_get ? "GET, HEAD, POST" : "POST"};
  }
  return find_flag_route(method, path);
}

}  // namespace lockstep::mock
