// The server's endpoints, as a table: those of the shared suite's mock, which are PostHog's.
#pragma once

#include <string>
#include <string_view>

#include "mockserver/ingest.h"

namespace lockstep::mock {

struct RouteMatch {
  enum class Kind {
    found,
    unknown,       // 404
    wrong_method,  // 405, with `detail` as the Allow header
    moved,         // 308, with `detail` as the Location
  };
  Kind kind = Kind::unknown;
  Route route = Route::none;
  std::string detail;
};

RouteMatch find_route(std::string_view method, std::string_view path);

}  // namespace lockstep::mock
