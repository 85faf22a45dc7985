// A range of the explorer's seeds, and all that has to be known of it to merge it with others.
#include "scenarios/explore/explorer.h"

#include "options.h"
#include "pybind.h"
#include "results.h"
#include "scenarios/explore/plan.h"
#include "scenarios/explore/write.h"
#include "scenarios/report.h"
#include "values.h"

namespace lockstep::python {

namespace {

py::dict dict_of(const explore::FoundFailure& failure) {
  py::dict out;
  out["seed"] = failure.seed;
  out["from_seed"] = failure.from_seed;
  out["behaviour"] = text(failure.behaviour);
  out["yaml"] = text(explore::to_yaml(failure.scenario));
  out["expected"] = text(failure.result.failed->failure.expected);
  out["seen"] = text(failure.result.failed->failure.seen);
  out["explanation"] = text(scenario::explain(failure.result));
  return out;
}

py::dict explore_range(std::uint64_t first_seed, std::uint64_t seeds, unsigned jobs, bool novelty,
                       std::uint64_t round, std::uint64_t verify_one_in, std::size_t stop_after,
                       const py::object& capture, const py::object& workload) {
  if (jobs == 0 || round == 0 || stop_after == 0) {
    throw py::value_error("jobs, round and stop_after: expected at least 1");
  }
  explore::ExploreOptions options;
  options.first_seed = first_seed;
  options.seeds = seeds;
  options.jobs = jobs;
  options.novelty = novelty;
  options.round = round;
  options.verify_one_in = verify_one_in;
  options.stop_after = stop_after;
  options.capture = capture_from(capture);
  options.workload = workload_from(workload);
  explore::Exploration found;
  {
    const py::gil_scoped_release released;
    found = explore::explore(options);
  }
  py::dict out;
  out["runs"] = found.runs;
  out["failed_runs"] = found.failed_runs;
  out["verified"] = found.verified;
  out["digest"] = found.digest;
  // Whole nanoseconds, which add up to the same sum in any order.
  out["virtual_ns"] = found.virtual_time.count();
  py::dict families;
  for (const auto& [name, runs] : found.families) families[word(name)] = runs;
  out["families"] = families;
  py::dict transitions;
  py::dict of_seeds;
  for (const auto& [transition, seen] : found.seen) {
    transitions[py::int_(transition)] = seen.runs;
    if (seen.seed_runs > 0) of_seeds[py::int_(transition)] = seen.seed_runs;
  }
  out["transitions"] = transitions;
  out["transitions_of_seeds"] = of_seeds;
  out["seed_runs"] = found.seed_runs;
  py::list failures;
  for (const explore::FoundFailure& failure : found.failures) failures.append(dict_of(failure));
  out["failures"] = failures;
  return out;
}

}  // namespace

void bind_explorer(py::module_& module) {
  module.def("explore_range", &explore_range, py::arg("first_seed"), py::arg("seeds"),
             py::arg("jobs"), py::arg("novelty"), py::arg("round"), py::arg("verify_one_in"),
             py::arg("stop_after"), py::arg("capture") = py::none(),
             py::arg("workload") = py::none());
  module.def(
      "family_names",
      [](const py::object& capture, const py::object& workload) {
        py::list names;
        for (const std::string_view name :
             explore::family_names(capture_from(capture),
                                   workload_from(workload).value_or(explore::Workload::events))) {
          names.append(word(name));
        }
        return names;
      },
      py::arg("capture") = py::none(), py::arg("workload") = py::none());
}

}  // namespace lockstep::python
