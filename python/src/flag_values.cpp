#include "flag_values.h"

#include <array>
#include <utility>

#include "results.h"
#include "values.h"

namespace lockstep::python {

using openfeature::EvaluationContext;
using openfeature::FlagType;
using openfeature::Structure;
using openfeature::ValueType;
using FlagValue = openfeature::Value;

namespace {

constexpr int kDeepestFlag = 100;

FlagValue flag_value(py::handle value, const std::string& where, int depth);

FlagValue flag_number(py::handle value) {
  int overflow = 0;
  const long long whole = PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
  if (overflow == 0) return FlagValue(static_cast<std::int64_t>(whole));
  const double number = PyLong_AsDouble(value.ptr());
  if (PyErr_Occurred() != nullptr) throw py::error_already_set();
  return FlagValue(number);
}

Structure flag_members(py::handle dict, const std::string& where, int depth) {
  Structure members;
  std::string scratch;
  for (const auto& [key, item] : py::reinterpret_borrow<py::dict>(dict)) {
    if (PyUnicode_Check(key.ptr()) == 0) {
      throw py::type_error(where + ": found a key of type " + type_name(key) + "; expected a str");
    }
    std::string name(utf8(key, scratch));
    FlagValue member = flag_value(item, std::string(where).append(".").append(name), depth + 1);
    members.insert_or_assign(std::move(name), std::move(member));
  }
  return members;
}

openfeature::List flag_items(py::handle items, const std::string& where, int depth) {
  openfeature::List list;
  for (const py::handle item : items) {
    list.push_back(flag_value(item, where + "[" + std::to_string(list.size()) + "]", depth + 1));
  }
  return list;
}

FlagValue flag_value(py::handle value, const std::string& where, int depth) {
  if (depth > kDeepestFlag) {
    throw py::value_error(where.substr(0, where.find_first_of(".[")) +
                          ": nests deeper than 100 levels, or contains itself");
  }
  PyObject* const object = value.ptr();
  if (object == Py_None) return {};
  if (PyBool_Check(object) != 0) return FlagValue(object == Py_True);
  if (py::hasattr(value, "value") && py::hasattr(py::type::of(value), "__members__")) {
    return flag_value(value.attr("value"), where, depth + 1);
  }
  if (PyUnicode_Check(object) != 0) {
    std::string scratch;
    return FlagValue(utf8(value, scratch));
  }
  if (PyLong_Check(object) != 0) return flag_number(value);
  if (PyFloat_Check(object) != 0) return FlagValue(PyFloat_AS_DOUBLE(object));
  if (PyDict_Check(object) != 0) return FlagValue(flag_members(value, where, depth));
  if (PyList_Check(object) != 0 || PyTuple_Check(object) != 0) {
    return FlagValue(flag_items(value, where, depth));
  }
  if (py::hasattr(value, "timestamp")) return FlagValue(wall_from(value, where.c_str()));
  throw py::type_error(where + ": found " + type_name(value) +
                       "; expected None, bool, int, float, str, datetime, a list or a dict");
}

py::object date_of(WallTime time) {
  const auto datetime = py::module_::import("datetime");
  const auto epoch =
      datetime.attr("datetime")(1970, 1, 1, 0, 0, 0, 0, datetime.attr("timezone").attr("utc"));
  const auto micros =
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch());
  return epoch + datetime.attr("timedelta")(0, 0, micros.count());
}

EvaluationContext make_context(const std::string& targeting_key, const py::object& attributes) {
  return EvaluationContext(targeting_key, structure_from(attributes, "attributes"));
}

std::string repr_of(const EvaluationContext& self) {
  return "EvaluationContext(" + py::repr(text(self.targeting_key())).cast<std::string>() + ", " +
         py::repr(to_python(self.attributes())).cast<std::string>() + ")";
}

}  // namespace

FlagValue value_from(py::handle value, const std::string& where) {
  return flag_value(value, where, 0);
}

Structure structure_from(py::handle dict, const std::string& where) {
  if (dict.is_none()) return {};
  if (PyDict_Check(dict.ptr()) == 0) {
    throw py::type_error(where + ": found " + type_name(dict) + "; expected a dict");
  }
  return flag_members(dict, where, 0);
}

openfeature::TrackingEventDetails details_from(const py::object& value, const py::object& fields) {
  openfeature::TrackingEventDetails details;
  if (!value.is_none()) {
    if (PyBool_Check(value.ptr()) != 0 ||
        (PyFloat_Check(value.ptr()) == 0 && PyLong_Check(value.ptr()) == 0)) {
      throw py::type_error("value: found " + type_name(value) + "; expected a number, or None");
    }
    details.value = value.cast<double>();
  }
  details.fields = structure_from(fields, "fields");
  return details;
}

py::object to_python(const FlagValue& value) {
  switch (value.type()) {
    case ValueType::null:
      return py::none();
    case ValueType::boolean:
      return py::bool_(*value.as_boolean());
    case ValueType::integer:
      return py::int_(*value.as_integer());
    case ValueType::number:
      return py::float_(*value.as_number());
    case ValueType::string:
      return text(*value.as_string());
    case ValueType::datetime:
      return date_of(*value.as_datetime());
    case ValueType::list: {
      py::list items;
      for (const FlagValue& item : *value.as_list()) items.append(to_python(item));
      return items;
    }
    case ValueType::structure:
      return to_python(*value.as_structure());
  }
  return py::none();
}

py::dict to_python(const Structure& structure) {
  py::dict members;
  for (const auto& [name, value] : structure) members[text(name)] = to_python(value);
  return members;
}

py::object or_none(const std::optional<openfeature::ErrorCode>& code) {
  return code ? word(to_string(*code)) : py::object(py::none());
}

py::object to_python(const openfeature::Resolution& resolution) {
  py::dict out;
  out["value"] = resolution.value ? to_python(*resolution.value) : py::object(py::none());
  out["variant"] = resolution.variant ? py::object(text(*resolution.variant)) : py::none();
  out["reason"] = text(resolution.reason);
  out["error_code"] = or_none(resolution.error_code);
  out["error_message"] = text(resolution.error_message);
  out["metadata"] = to_python(resolution.metadata);
  return out;
}

FlagType flag_type_from(const std::string& word) {
  for (const FlagType type : {FlagType::boolean, FlagType::string, FlagType::integer,
                              FlagType::number, FlagType::object}) {
    if (to_string(type) == word) return type;
  }
  throw py::value_error("type: found \"" + word +
                        "\"; expected boolean, string, integer, number or object");
}

void bind_context(py::module_& module) {
  py::class_<EvaluationContext>(
      module, "EvaluationContext",
      "About whom, and in which circumstances, a flag is asked or something is tracked: a\n"
      "targeting key (\"\": anonymous) and attributes. Immutable. An attribute of another type "
      "than\n"
      "None, bool, int, float, str, datetime, list and dict is a TypeError that names it.")
      .def(py::init(&make_context), py::arg("targeting_key") = "",
           py::arg("attributes") = py::none())
      .def_property_readonly(
          "targeting_key", [](const EvaluationContext& self) { return text(self.targeting_key()); },
          "Who the subject is; \"\" for an anonymous one.")
      .def_property_readonly(
          "attributes", [](const EvaluationContext& self) { return to_python(self.attributes()); },
          "A copy of the attributes.")
      .def_property_readonly("anonymous", &EvaluationContext::anonymous)
      .def("merged", &EvaluationContext::merged, py::arg("over"),
           "This context with another on top: what both have counts as the other has it.")
      .def(
          "__eq__",
          [](const EvaluationContext& self, const py::object& other) {
            return py::isinstance<EvaluationContext>(other) &&
                   self == other.cast<const EvaluationContext&>();
          },
          py::is_operator())
      .def("__hash__",
           [](const EvaluationContext& self) { return py::hash(text(self.targeting_key())); })
      .def("__repr__", &repr_of)
      .def(py::pickle(
          [](const EvaluationContext& self) {
            return py::make_tuple(text(self.targeting_key()), to_python(self.attributes()));
          },
          [](const py::tuple& state) {
            return make_context(state[0].cast<std::string>(), state[1]);
          }));
}

}  // namespace lockstep::python
