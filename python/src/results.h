// Results as Python sees them: the named tuples of lockstep/_results.py, made without running
// Python code.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "pybind.h"
#include "sdk/report.h"

namespace lockstep::python {

// In the order in which lockstep/_results.py lists them.
enum class Tuple : std::uint8_t {
  capture_result,
  outcome,
  request_report,
  error_report,
  flush_report,
  lane_stats,
  stats,
  flag_result,
  request,
  stored_event,
  violation,
  trace_entry,
};
inline constexpr std::size_t kTupleCount = 12;

// Takes the types, once, from a list in the order of the enumeration. Throws where a type has
// another number of fields than the code here gives it.
void use_tuples(const py::list& types);

// A tuple of that type. `fields` are as many as the type has.
py::object make(Tuple type, std::initializer_list<py::object> fields);

// Text that comes from outside and need not be UTF-8.
py::str text(std::string_view bytes);
// One of few words, the same object each time.
py::object word(std::string_view word);

py::object to_python(const CaptureResult& result);
py::object to_python(const Outcome& outcome);
py::object to_python(const RequestReport& report);
py::object to_python(const ErrorReport& report);
py::object to_python(const FlushReport& report);
py::object to_python(const Stats& stats);

}  // namespace lockstep::python
