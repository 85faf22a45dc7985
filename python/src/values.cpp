#include "values.h"

#include <cmath>

#include "results.h"
#include "sdk/json/writer.h"

namespace lockstep::python {

namespace {

constexpr int kDeepest = 200;

void write(py::handle value, JsonWriter& out, int depth);

void write_text(py::handle str, JsonWriter& out) {
  std::string scratch;
  out.string(utf8(str, scratch));
}

void write_int(py::handle value, JsonWriter& out) {
  int overflow = 0;
  const long long small = PyLong_AsLongLongAndOverflow(value.ptr(), &overflow);
  if (overflow == 0) {
    if (small == -1 && PyErr_Occurred() != nullptr) throw py::error_already_set();
    out.integer(small);
    return;
  }
  // JSON knows no bounds, and PostHog reads large numbers as real ones.
  out.raw(py::str(value).cast<std::string>());
}

void write_dict(py::handle dict, JsonWriter& out, int depth) {
  out.raw('{');
  bool first = true;
  PyObject* key = nullptr;
  PyObject* item = nullptr;
  Py_ssize_t at = 0;
  std::string scratch;
  while (PyDict_Next(dict.ptr(), &at, &key, &item) != 0) {
    // Converting a value may run Python code, which may change the dict.
    const auto held_key = py::reinterpret_borrow<py::object>(key);
    const auto held = py::reinterpret_borrow<py::object>(item);
    const py::str name =
        PyUnicode_Check(key) != 0 ? py::reinterpret_borrow<py::str>(key) : py::str(held_key);
    out.member(utf8(name, scratch), first);
    write(held, out, depth + 1);
  }
  out.raw('}');
}

void write_items(py::handle items, JsonWriter& out, int depth) {
  out.raw('[');
  bool first = true;
  for (const py::handle item : items) {
    if (!first) out.raw(',');
    first = false;
    write(item, out, depth + 1);
  }
  out.raw(']');
}

PyObject* attribute_of_results(const char* name) {
  return py::object(py::module_::import("lockstep._results").attr(name)).release().ptr();
}

bool is_enumeration(py::handle value) {
  static PyObject* const type = attribute_of_results("Enum");
  return PyObject_IsInstance(value.ptr(), type) == 1;
}

bool is_text_like(py::handle value) {
  static PyObject* const types = attribute_of_results("TEXT_TYPES");
  return PyObject_IsInstance(value.ptr(), types) == 1;
}

// What is none of Python's own JSON types.
void write_other(py::handle value, JsonWriter& out, int depth) {
  if (PyBytes_Check(value.ptr()) != 0) {
    char* data = nullptr;
    Py_ssize_t size = 0;
    PyBytes_AsStringAndSize(value.ptr(), &data, &size);
    out.string({data, static_cast<std::size_t>(size)});
  } else if (PyAnySet_Check(value.ptr()) != 0) {
    write_items(value, out, depth);
  } else if (is_enumeration(value)) {
    write(value.attr("value"), out, depth + 1);
  } else if (py::hasattr(value, "isoformat")) {
    write_text(py::str(value.attr("isoformat")()), out);
  } else if (is_text_like(value)) {
    write_text(py::str(value), out);
  } else if (py::hasattr(value, "tolist")) {
    write(value.attr("tolist")(), out, depth + 1);  // an array or scalar of numpy
  } else {
    throw NotJson("a value of type " + type_name(value) + " cannot be sent as JSON");
  }
}

void write(py::handle value, JsonWriter& out, int depth) {
  if (depth > kDeepest) throw NotJson("a value nests deeper than 200 levels, or contains itself");
  PyObject* const object = value.ptr();
  if (PyUnicode_Check(object) != 0) {
    write_text(value, out);
  } else if (object == Py_None) {
    out.raw("null");
  } else if (PyBool_Check(object) != 0) {
    out.raw(object == Py_True ? "true" : "false");
  } else if (PyLong_CheckExact(object) != 0) {
    write_int(value, out);
  } else if (PyFloat_Check(object) != 0) {
    out.real(PyFloat_AS_DOUBLE(object));
  } else if (PyDict_Check(object) != 0) {
    write_dict(value, out, depth);
  } else if (PyList_Check(object) != 0 || PyTuple_Check(object) != 0) {
    write_items(value, out, depth);
  } else if (PyLong_Check(object) != 0) {
    write_int(py::reinterpret_steal<py::object>(PyNumber_Index(object)), out);
  } else {
    write_other(value, out, depth);
  }
}

double number_from(py::handle value, const char* what) {
  const double number = PyFloat_AsDouble(value.ptr());
  if (number == -1.0 && PyErr_Occurred() != nullptr) {
    PyErr_Clear();
    throw py::type_error(std::string(what) + ": found " + type_name(value) +
                         "; expected seconds, or a timedelta");
  }
  if (std::isnan(number)) throw py::value_error(std::string(what) + ": found nan");
  return number;
}

Duration from_seconds(double number) {
  constexpr double kMost = 9.2e9;  // seconds: what fits into nanoseconds
  if (number >= kMost) return Duration::max();
  if (number <= -kMost) return Duration::min();
  return Duration{std::llround(number * 1e9)};
}

}  // namespace

void write_json(py::handle value, JsonWriter& out) { write(value, out, 0); }

Properties properties_from(py::handle dict) {
  Properties properties;
  if (dict.is_none()) return properties;
  if (PyDict_Check(dict.ptr()) == 0) {
    throw NotJson("properties: found " + type_name(dict) + "; expected a dict");
  }
  std::string scratch;
  for (const auto& [key, value] : py::reinterpret_borrow<py::dict>(dict)) {
    JsonWriter json;
    write_json(value, json);
    properties.set(utf8(py::str(key), scratch), Json{json.text()});
  }
  return properties;
}

py::object parse_json(std::string_view json) {
  static PyObject* const loads =
      py::object(py::module_::import("json").attr("loads")).release().ptr();
  return py::handle(loads)(text(json));
}

py::dict to_dict(const Properties& properties) {
  JsonWriter json;
  json.object(properties);
  return parse_json(json.text());
}

std::string_view utf8(py::handle str, std::string& scratch) {
  Py_ssize_t size = 0;
  if (const char* data = PyUnicode_AsUTF8AndSize(str.ptr(), &size)) {
    return {data, static_cast<std::size_t>(size)};
  }
  PyErr_Clear();
  const auto bytes =
      py::reinterpret_steal<py::bytes>(PyUnicode_AsEncodedString(str.ptr(), "utf-8", "replace"));
  if (!bytes) throw py::error_already_set();
  scratch = std::string(bytes);
  return scratch;
}

std::string type_name(py::handle value) { return Py_TYPE(value.ptr())->tp_name; }

py::float_ seconds(Duration length) { return static_cast<double>(length.count()) / 1e9; }

py::float_ epoch_seconds(WallTime time) { return seconds(Duration{time.time_since_epoch()}); }

Duration duration_from(py::handle value, const char* what) {
  if (PyFloat_Check(value.ptr()) == 0 && PyLong_Check(value.ptr()) == 0 &&
      py::hasattr(value, "total_seconds")) {
    return from_seconds(number_from(value.attr("total_seconds")(), what));
  }
  return from_seconds(number_from(value, what));
}

WallTime wall_from(py::handle value, const char* what) {
  if (!py::hasattr(value, "timestamp")) return WallTime{from_seconds(number_from(value, what))};
  py::object moment = py::reinterpret_borrow<py::object>(value);
  if (moment.attr("tzinfo").is_none()) {
    const auto utc = py::module_::import("datetime").attr("timezone").attr("utc");
    moment = moment.attr("replace")(py::arg("tzinfo") = utc);
  }
  // Not through a float of seconds: that has no room for all microseconds of a date.
  const auto whole = moment.attr("replace")(py::arg("microsecond") = 0).attr("timestamp")();
  const auto micros = moment.attr("microsecond").cast<std::int64_t>();
  return WallTime{std::chrono::seconds{std::llround(whole.cast<double>())} +
                  std::chrono::microseconds{micros}};
}

py::str uuid_text(const Uuid& uuid) {
  PyObject* const made = PyUnicode_New(Uuid::kTextLength, 127);
  if (made == nullptr) throw py::error_already_set();
  uuid.write(reinterpret_cast<char*>(PyUnicode_1BYTE_DATA(made)));
  return py::reinterpret_steal<py::str>(made);
}

Uuid uuid_from(py::handle value) {
  const auto written = py::str(value).cast<std::string>();
  const auto uuid = Uuid::parse(written);
  if (!uuid) throw py::value_error("uuid: found \"" + written + "\"; expected a UUID");
  return *uuid;
}

}  // namespace lockstep::python
