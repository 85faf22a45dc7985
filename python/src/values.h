// Values that cross between Python and the SDK: JSON, durations, times, identifiers.
//
// A Python value becomes the event's JSON directly, in one pass; no text is parsed on the way.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "clock/time.h"
#include "clock/uuid.h"
#include "pybind.h"
#include "sdk/event.h"

namespace lockstep {
class JsonWriter;
}

namespace lockstep::python {

// A value that JSON cannot hold; the text says which and where.
class NotJson : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Writes a Python value as JSON: None, bool, int, float, str, bytes, dict, list, tuple, set; dates
// in ISO form; UUID, Decimal, paths and enumerations as text; what has item() (numpy) as what that
// returns. Throws NotJson for anything else, and for what nests deeper than 200 levels.
void write_json(py::handle value, JsonWriter& out);

// Properties from a dict (None: none). Throws NotJson.
Properties properties_from(py::handle dict);
// {"name": value, ...} as a dict.
py::dict to_dict(const Properties& properties);
// JSON text, read by Python's own json module.
py::object parse_json(std::string_view text);

// The UTF-8 of a str, borrowed from it. Lone surrogates become "?" in `scratch`.
std::string_view utf8(py::handle str, std::string& scratch);
// What kind of thing a value is, for messages: "int".
std::string type_name(py::handle value);

py::float_ seconds(Duration length);
py::float_ epoch_seconds(WallTime time);
// Seconds as int or float, or a datetime.timedelta. `what` names it in the TypeError or ValueError.
Duration duration_from(py::handle value, const char* what);
// A datetime (naive: UTC) or seconds since 1970.
WallTime wall_from(py::handle value, const char* what);
py::str uuid_text(const Uuid& uuid);
// A uuid.UUID or its text; throws ValueError.
Uuid uuid_from(py::handle value);

}  // namespace lockstep::python
