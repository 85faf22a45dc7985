// Options from a dict, by tables of their names: what the SDK's client, libcurl and the flag
// providers have in common.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "clock/time.h"
#include "pybind.h"

namespace lockstep::python {

// What a value should have been: "NAME: found int; expected a str".
py::type_error wrong_type(const char* name, py::handle value, const char* expected);

// Each throws TypeError or ValueError that begins with the name.
void read(const char* name, py::handle value, std::string& out);
void read(const char* name, py::handle value, bool& out);
void read(const char* name, py::handle value, std::size_t& out);
void read(const char* name, py::handle value, std::uint32_t& out);
// Seconds as int or float, or a datetime.timedelta.
void read(const char* name, py::handle value, Duration& out);
// A dict of header names and values.
void read(const char* name, py::handle value,
          std::vector<std::pair<std::string, std::string>>& out);

template <typename Settings>
struct Option {
  const char* name;
  void (*set)(Settings& settings, const char* name, py::handle value);
};

// Sets what is given. Throws TypeError for a name that the table does not have.
template <typename Settings, typename Table>
void apply_options(Settings& settings, const py::dict& given, const Table& table) {
  for (const auto& [key, value] : given) {
    const auto name = py::str(key).cast<std::string>();
    const auto option = std::find_if(std::begin(table), std::end(table),
                                     [&](const auto& one) { return name == one.name; });
    if (option == std::end(table)) throw py::type_error("no option is called \"" + name + "\"");
    option->set(settings, option->name, value);
  }
}

}  // namespace lockstep::python
