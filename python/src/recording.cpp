#include "recording.h"

#include "results.h"
#include "scenarios/chrome_trace.h"
#include "scenarios/timeline.h"
#include "values.h"

namespace lockstep::python {

namespace {

py::list entries_of(const Recording& recording) {
  py::list out;
  for (const TraceEntry& entry : recording.entries) {
    py::dict fields;
    for (const auto& [name, value] : entry.fields) fields[word(name)] = text(value);
    out.append(make(Tuple::trace_entry,
                    {py::int_(entry.number), seconds(entry.at.time_since_epoch()),
                     word(entry.label), py::int_(entry.cause), fields, py::int_(entry.digest)}));
  }
  return out;
}

// A run of this one result, which is all that the pictures look at.
scenario::Run run_of(const Recording& recording) {
  scenario::Run run;
  scenario::Result& result = run.results.emplace_back();
  result.name = recording.name;
  result.entries = recording.entries;
  result.trace_entries = recording.entries.size();
  if (!recording.entries.empty()) {
    result.digest = recording.entries.back().digest;
    result.virtual_time = recording.entries.back().at.time_since_epoch();
  }
  return run;
}

std::string text_of(const Recording& recording) {
  std::string out;
  for (const TraceEntry& entry : recording.entries) out += entry.to_text() + '\n';
  return out;
}

py::object first_difference(const Recording& left, const Recording& right) {
  const auto found = first_divergence(left.entries, right.entries);
  return found ? py::object(text(*found)) : py::object(py::none());
}

}  // namespace

void bind_recording(py::module_& module) {
  py::class_<Recording, RecordingPtr>(module, "Recording")
      .def_property_readonly("name", [](const Recording& self) { return text(self.name); })
      .def_property_readonly("digest",
                             [](const Recording& self) {
                               return self.entries.empty() ? kDigestStart
                                                           : self.entries.back().digest;
                             })
      .def("__len__", [](const Recording& self) { return self.entries.size(); })
      .def("entries", &entries_of)
      .def("text", [](const Recording& self) { return text(text_of(self)); })
      .def("html", [](const Recording& self) { return text(scenario::timeline(run_of(self))); })
      .def("chrome",
           [](const Recording& self) { return text(scenario::chrome_trace(run_of(self))); })
      .def("first_difference", &first_difference);
}

}  // namespace lockstep::python
