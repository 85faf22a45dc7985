// Values of flags, contexts and tracking details that cross between Python and openfeature/.
#pragma once

#include <memory>
#include <string>

#include "openfeature/context.h"
#include "openfeature/evaluation.h"
#include "openfeature/tracking.h"
#include "openfeature/value.h"
#include "pybind.h"

namespace lockstep::python {

// None, bool, int, float, str, datetime (naive: UTC), lists, tuples and dicts with texts as keys;
// of an enumeration its value. Throws TypeError that names the place below `where`, and ValueError
// for what nests deeper than a hundred levels.
openfeature::Value value_from(py::handle value, const std::string& where);
// From a dict; None: an empty one.
openfeature::Structure structure_from(py::handle dict, const std::string& where);
// A dict with "value" and "fields".
openfeature::TrackingEventDetails details_from(const py::object& value, const py::object& fields);

py::object to_python(const openfeature::Value& value);
py::dict to_python(const openfeature::Structure& structure);
py::object to_python(const openfeature::Resolution& resolution);
py::object or_none(const std::optional<openfeature::ErrorCode>& code);

// "boolean", "string", ...; throws ValueError.
openfeature::FlagType flag_type_from(const std::string& word);

void bind_context(py::module_& module);

}  // namespace lockstep::python
