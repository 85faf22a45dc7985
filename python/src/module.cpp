// The extension module `lockstep._lockstep`. Its stub is lockstep/_lockstep.pyi.
#include "pybind.h"
#include "results.h"

PYBIND11_MODULE(_lockstep, module) {
  using namespace lockstep::python;
  module.def("use_tuples", &use_tuples);
  bind_server(module);
  bind_simulation(module);
  bind_client(module);
  bind_scenarios(module);
  bind_explorer(module);
  bind_openfeature(module);
  bind_telemetry(module);
}
