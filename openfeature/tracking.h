// What is said of something that a user did.
#pragma once

#include <optional>

#include "openfeature/value.h"

namespace lockstep::openfeature {

struct TrackingEventDetails {
  std::optional<double> value{};  // must be finite; 0 is a value like any other
  Structure fields{};             // "value" among them is overwritten by a value
};

}  // namespace lockstep::openfeature
