#include "telemetry/error_class.h"

#include <algorithm>

#include "sdk/exception_types.h"

namespace lockstep::telemetry {

namespace {

// Thrown around another error to say what was being done, which is in its message only.
bool says_little(const std::string& type) {
  return type == "std::exception" || type == "std::runtime_error" || type == "std::logic_error";
}

}  // namespace

std::string error_class(const std::exception_ptr& error) {
  const auto types = exception_types(error);
  if (types.empty()) return {};
  const auto found = std::find_if_not(types.begin(), types.end(), says_little);
  return found == types.end() ? types.back() : *found;
}

}  // namespace lockstep::telemetry
