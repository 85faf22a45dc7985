// capture(distinct_id, event, properties=None): from Python's objects to the queue, without an
// object in between. Texts are borrowed from their str, numbers are copied, what is nested is
// written as JSON into one buffer.
#include <array>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "client.h"
#include "results.h"
#include "sdk/json/writer.h"
#include "values.h"

namespace lockstep::python {

namespace {

// The arguments, borrowed from the caller.
struct Arguments {
  PyObject* distinct_id = nullptr;
  PyObject* event = nullptr;
  PyObject* properties = Py_None;
};

constexpr std::array<const char*, 3> kNames{"distinct_id", "event", "properties"};

PyObject*& slot(Arguments& arguments, std::size_t at) {
  return at == 0 ? arguments.distinct_id : at == 1 ? arguments.event : arguments.properties;
}

bool take_named(Arguments& arguments, PyObject* name, PyObject* value) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (PyUnicode_CompareWithASCIIString(name, kNames[i]) != 0) continue;
    slot(arguments, i) = value;
    return true;
  }
  return false;
}

// Nothing where there are more than these three: _capture_with() takes all of them.
std::optional<Arguments> arguments_from(PyObject* const* given, Py_ssize_t count, PyObject* names) {
  if (count > static_cast<Py_ssize_t>(kNames.size())) return std::nullopt;
  Arguments arguments;
  for (Py_ssize_t i = 0; i < count; ++i) slot(arguments, static_cast<std::size_t>(i)) = given[i];
  const Py_ssize_t named = names == nullptr ? 0 : PyTuple_GET_SIZE(names);
  for (Py_ssize_t i = 0; i < named; ++i) {
    if (!take_named(arguments, PyTuple_GET_ITEM(names, i), given[count + i])) return std::nullopt;
  }
  if (arguments.distinct_id == nullptr || arguments.event == nullptr) return std::nullopt;
  return arguments;
}

// A text argument: a str, or what names a user as well (an int, a UUID). None is the empty text,
// which is refused.
class Text {
 public:
  explicit Text(PyObject* given) {
    if (PyUnicode_Check(given) != 0) {
      view_ = utf8(given, scratch_);
    } else if (given != Py_None) {
      scratch_ = py::str(py::handle(given)).cast<std::string>();
      view_ = scratch_;
    }
  }
  std::string_view view() const noexcept { return view_; }

 private:
  std::string scratch_;
  std::string_view view_;
};

// A dict as properties that borrow from it. Valid while nobody changes the dict.
class Borrowed {
 public:
  explicit Borrowed(PyObject* dict) {
    if (dict == Py_None) return;
    if (PyDict_Check(dict) == 0) {
      throw NotJson("properties: found " + type_name(dict) + "; expected a dict");
    }
    properties_.reserve(static_cast<std::size_t>(PyDict_GET_SIZE(dict)));
    PyObject* key = nullptr;
    PyObject* value = nullptr;
    Py_ssize_t at = 0;
    while (PyDict_Next(dict, &at, &key, &value) != 0) add(key, value);
    for (const Nested& nested : nested_) {
      properties_[nested.property].value = Json{json_.text().substr(nested.at, nested.size)};
    }
  }
  std::span<const Property> properties() const noexcept { return properties_; }

 private:
  struct Nested {
    std::size_t property, at, size;
  };

  void add(PyObject* key, PyObject* value) {
    if (PyUnicode_Check(key) == 0) {
      throw NotJson("a property's name is a " + type_name(key) + "; expected a str");
    }
    properties_.push_back({borrow(key), nullptr});
    Value& out = properties_.back().value;
    int overflow = 0;
    if (PyUnicode_CheckExact(value) != 0) {
      out = borrow(value);
    } else if (value == Py_None) {
      out = nullptr;
    } else if (PyBool_Check(value) != 0) {
      out = value == Py_True;
    } else if (PyFloat_CheckExact(value) != 0) {
      out = PyFloat_AS_DOUBLE(value);
    } else if (const long long number = PyLong_CheckExact(value) != 0
                                            ? PyLong_AsLongLongAndOverflow(value, &overflow)
                                            : (overflow = 1);
               overflow == 0) {
      out = number;
    } else {
      const std::size_t before = json_.size();
      write_json(value, json_);
      nested_.push_back({properties_.size() - 1, before, json_.size() - before});
    }
  }

  std::string_view borrow(PyObject* str) {
    std::string scratch;
    const std::string_view text = utf8(str, scratch);
    if (scratch.empty()) return text;
    repaired_.push_back(std::make_unique<std::string>(std::move(scratch)));
    return *repaired_.back();
  }

  std::vector<Property> properties_;
  std::vector<Nested> nested_;
  std::vector<std::unique_ptr<std::string>> repaired_;  // texts with lone surrogates
  JsonWriter json_;
};

py::object capture(NativeClient& native, const Text& distinct_id, const Text& event,
                   PyObject* properties) {
  if (native.may_wait()) {
    // While it waits another thread may change the dict, so nothing is borrowed from it.
    Event owned;
    owned.distinct_id = distinct_id.view();
    owned.name = event.view();
    owned.properties = properties_from(properties);
    return to_python(native.wait([&](Client& client) { return client.capture(std::move(owned)); }));
  }
  const Borrowed borrowed(properties);
  return to_python(native.touch([&](Client& client) {
    return client.capture(distinct_id.view(), event.view(), borrowed.properties());
  }));
}

// Nothing that a program puts into an event makes capture() raise: it is refused, counted, and
// logged.
py::object refuse(NativeClient& native, const Text& distinct_id, const Text& event,
                  const std::string& problem) {
  py::module_::import("lockstep._callables").attr("log_refused")(text(event.view()), text(problem));
  return to_python(native.touch([&](Client& client) {
    return client.capture(distinct_id.view(), event.view(), {{"", Json{""}}});
  }));
}

PyObject* call_capture(PyObject* self, PyObject* const* given, Py_ssize_t count,
                       PyObject* names) try {
  const auto arguments = arguments_from(given, count, names);
  if (!arguments) {
    const py::object whole = py::handle(self).attr("_capture_with");
    return PyObject_Vectorcall(whole.ptr(), given, static_cast<std::size_t>(count), names);
  }
  auto& native = py::handle(self).cast<NativeClient&>();
  const Text distinct_id(arguments->distinct_id);
  const Text event(arguments->event);
  py::object result;
  try {
    result = capture(native, distinct_id, event, arguments->properties);
  } catch (const NotJson& problem) {
    result = refuse(native, distinct_id, event, problem.what());
  }
  return result.release().ptr();
} catch (py::error_already_set& error) {
  error.restore();
  return nullptr;
} catch (const py::builtin_exception& error) {
  error.set_error();
  return nullptr;
} catch (const std::exception& problem) {
  PyErr_SetString(PyExc_RuntimeError, problem.what());
  return nullptr;
}

}  // namespace

void add_capture(py::handle type) {
  static PyMethodDef method{
      "capture", reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(&call_capture)),
      METH_FASTCALL | METH_KEYWORDS, nullptr};
  const auto descriptor = py::reinterpret_steal<py::object>(
      PyDescr_NewMethod(reinterpret_cast<PyTypeObject*>(type.ptr()), &method));
  if (!descriptor) throw py::error_already_set();
  type.attr("capture") = descriptor;
}

}  // namespace lockstep::python
