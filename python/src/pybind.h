// The one place that includes pybind11, and the parts of the extension module `_lockstep`.
//
// The rule of this folder: it translates, and nothing else. What a Python programmer sees is
// written in Python (python/lockstep); here values cross over, and the GIL is let go of wherever
// native code runs for long or waits.
#pragma once

#include <pybind11/pybind11.h>

namespace lockstep::python {

namespace py = pybind11;

// Each adds its classes and functions to the module.
void bind_server(py::module_& module);
void bind_simulation(py::module_& module);
void bind_client(py::module_& module);
void bind_scenarios(py::module_& module);
void bind_explorer(py::module_& module);
void bind_openfeature(py::module_& module);
void bind_telemetry(py::module_& module);

}  // namespace lockstep::python
