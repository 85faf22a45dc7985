#include "option_table.h"

#include <limits>

#include "values.h"

namespace lockstep::python {

py::type_error wrong_type(const char* name, py::handle value, const char* expected) {
  return py::type_error(std::string(name) + ": found " + type_name(value) + "; expected " +
                        expected);
}

void read(const char* name, py::handle value, std::string& out) {
  if (PyUnicode_Check(value.ptr()) == 0) throw wrong_type(name, value, "a str");
  std::string scratch;
  out = utf8(value, scratch);
}

void read(const char* name, py::handle value, bool& out) {
  if (PyBool_Check(value.ptr()) == 0) throw wrong_type(name, value, "True or False");
  out = value.ptr() == Py_True;
}

namespace {

template <typename Number>
void read_number(const char* name, py::handle value, Number& out) {
  if (PyLong_Check(value.ptr()) == 0 || PyBool_Check(value.ptr()) != 0) {
    throw wrong_type(name, value, "an int");
  }
  const unsigned long long number = PyLong_AsUnsignedLongLong(value.ptr());
  if (PyErr_Occurred() != nullptr || number > std::numeric_limits<Number>::max()) {
    PyErr_Clear();
    throw py::value_error(std::string(name) + ": found " + py::str(value).cast<std::string>() +
                          "; expected a whole number, not negative and not absurdly large");
  }
  out = static_cast<Number>(number);
}

}  // namespace

void read(const char* name, py::handle value, std::size_t& out) { read_number(name, value, out); }
void read(const char* name, py::handle value, std::uint32_t& out) { read_number(name, value, out); }

void read(const char* name, py::handle value, Duration& out) { out = duration_from(value, name); }

void read(const char* name, py::handle value,
          std::vector<std::pair<std::string, std::string>>& out) {
  if (PyDict_Check(value.ptr()) == 0) {
    throw wrong_type(name, value, "a dict of header names and values");
  }
  for (const auto& [header, text] : py::reinterpret_borrow<py::dict>(value)) {
    auto& added = out.emplace_back();
    read(name, header, added.first);
    read(name, text, added.second);
  }
}

}  // namespace lockstep::python
