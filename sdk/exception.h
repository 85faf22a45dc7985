// Exceptions as PostHog's error tracking takes them: a $exception event that lists what was caught,
// then what it wraps (std::nested_exception), down to the root cause.
//
// C++ keeps no trace of where an exception was thrown, so none is sent: the server groups them by
// type and message, or by the fingerprint.
#pragma once

#include <cstdint>
#include <exception>
#include <string>
#include <string_view>

#include "sdk/event.h"

namespace lockstep {

enum class ExceptionLevel : std::uint8_t { fatal, error, warning, log, info, debug };
std::string_view to_string(ExceptionLevel level) noexcept;

struct ExceptionOptions {
  // Added to the event. Those named $exception_... and $debug_images are left out: they are the
  // event's own.
  Properties properties{};
  ExceptionLevel level = ExceptionLevel::error;
  bool handled = true;  // false: it escaped the code that should have dealt with it
  // Groups the event with those of the same fingerprint; empty: the server decides.
  std::string fingerprint{};
};

// The $exception event, still without a distinct_id. At most the 50 outermost exceptions are
// listed. What is thrown and is no std::exception has its type, and its text where it is one. An
// event without a name, which capture() refuses, where `error` is null.
Event exception_event(const std::exception& error, const ExceptionOptions& options = {});
Event exception_event(const std::exception_ptr& error, const ExceptionOptions& options = {});

}  // namespace lockstep
