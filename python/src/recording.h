// The trace of a run, kept for Python: its entries, and what draws them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "clock/trace.h"
#include "pybind.h"

namespace lockstep::python {

struct Recording {
  std::string name;
  std::vector<TraceEntry> entries;
};

using RecordingPtr = std::shared_ptr<Recording>;

void bind_recording(py::module_& module);

}  // namespace lockstep::python
