// The types in an exception's chain, without their messages, which may hold what is private.
#pragma once

#include <exception>
#include <string>
#include <vector>

namespace lockstep {

// From what was thrown to the root cause, as exception_event() names them; the 50 outermost. Empty
// where `error` is null.
std::vector<std::string> exception_types(const std::exception_ptr& error);

}  // namespace lockstep
