// What an error is called in telemetry: the type that says most, never the message, which may hold
// names, paths and secrets of the user.
#pragma once

#include <exception>
#include <string>

namespace lockstep::telemetry {

// The first informative type of an exception's chain (std::nested_exception). The general types of
// the standard library (std::exception, std::runtime_error, std::logic_error) are passed over where
// they wrap another one. Empty where `error` is null.
std::string error_class(const std::exception_ptr& error);

}  // namespace lockstep::telemetry
