// Scenario files and the contract: read, run, shrunk; results as dicts, of which
// lockstep/_scenarios.py makes objects.
#include <pybind11/stl.h>

#include <utility>

#include "options.h"
#include "recording.h"
#include "results.h"
#include "scenarios/contract/local_stage.h"
#include "scenarios/contract/runner.h"
#include "scenarios/explore/explorer.h"
#include "scenarios/explore/shrink.h"
#include "scenarios/explore/write.h"
#include "scenarios/load.h"
#include "scenarios/report.h"
#include "scenarios/runner.h"
#include "values.h"

namespace lockstep::python {

namespace {

using ScenarioPtr = std::shared_ptr<scenario::Scenario>;

py::object dict_of(const std::optional<scenario::FailedStep>& failed) {
  if (!failed) return py::none();
  py::dict out;
  out["number"] = failed->number;
  out["action"] = text(failed->action);
  out["line"] = failed->at.line;
  out["expected"] = text(failed->failure.expected);
  out["seen"] = text(failed->failure.seen);
  return out;
}

py::dict dict_of(scenario::Result result) {
  py::dict out;
  out["name"] = text(result.name);
  out["file"] = text(result.file);
  out["line"] = result.at.line;
  out["steps"] = result.steps;
  out["failed"] = dict_of(result.failed);
  out["skipped"] = text(result.skipped);
  py::list requests;
  for (const std::string& line : result.requests) requests.append(text(line));
  out["requests"] = requests;
  out["nearest"] = text(result.nearest);
  out["virtual_time"] = seconds(result.virtual_time);
  out["digest"] = result.digest;
  out["replay"] = text(result.replay);
  out["suite"] = text(result.suite);
  out["target"] = text(result.target);
  out["explanation"] = text(scenario::explain(result));
  auto recording = std::make_shared<Recording>();
  recording->name = std::move(result.name);
  recording->entries = std::move(result.entries);
  out["recording"] = recording;
  return out;
}

// The scenarios, and what is wrong with the files; where something is, there are no scenarios.
py::tuple loaded(scenario::Catalogue catalogue) {
  py::list scenarios;
  py::list problems;
  for (const scenario::Problem& problem : catalogue.problems)
    problems.append(text(problem.to_text()));
  if (catalogue.problems.empty()) {
    for (scenario::Scenario& one : catalogue.scenarios) {
      scenarios.append(std::make_shared<scenario::Scenario>(std::move(one)));
    }
  }
  return py::make_tuple(scenarios, problems);
}

py::dict run_scenario(const scenario::Scenario& scenario, std::uint64_t seed, bool keep_trace) {
  scenario::RunOptions options;
  options.seed = seed;
  options.keep_trace = keep_trace;
  scenario::Result result;
  {
    const py::gil_scoped_release released;
    result = scenario::run(scenario, options);
  }
  return dict_of(std::move(result));
}

// The smallest scenario that fails as this one does; None where it does not fail.
py::object shrink(const scenario::Scenario& failing, std::size_t limit) {
  explore::Shrunk small;
  bool fails = false;
  {
    const py::gil_scoped_release released;
    const scenario::Result first = explore::run_twice(failing);
    fails = first.failed.has_value();
    const auto fails_alike = [&](const scenario::Scenario& candidate) {
      const scenario::Result result =
          first.failed->number == 0 ? explore::run_twice(candidate) : scenario::run(candidate);
      return explore::same_failure(result, first);
    };
    if (fails) small = explore::shrink(failing, fails_alike, limit);
  }
  if (!fails) return py::none();
  return py::make_tuple(std::make_shared<scenario::Scenario>(std::move(small.scenario)), small.runs,
                        small.finished);
}

// The contract's tests that were asked for, or what is wrong with its file.
py::tuple run_contract(const std::string& path, const std::string& capture,
                       const std::string& compression, const std::string& sdk_type, bool strict,
                       std::uint64_t seed, bool keep_trace) {
  const auto protocol = parse_capture(capture);
  const auto codec = parse_compression(compression);
  if (!protocol) throw py::value_error("capture: expected v0, v1, client, segment or confidence");
  if (!codec) throw py::value_error("compression: expected none, gzip, deflate, br or zstd");
  contract::Contract contract;
  std::vector<scenario::Result> results;
  {
    const py::gil_scoped_release released;
    contract = contract::load(path);
    contract::LocalTarget target(*protocol, *codec, strict, seed);
    std::vector<const contract::Test*> tests;
    for (const contract::Test& test : contract.tests) {
      if (contract.problems.empty() && test.is_for(sdk_type) &&
          test.missing(target.capabilities()).empty()) {
        tests.push_back(&test);
      }
    }
    contract::RunOptions options;
    options.strict = strict;
    options.keep_trace = keep_trace;
    results = contract::run(tests, target, options);
  }
  py::list problems;
  for (const auto& problem : contract.problems) problems.append(text(problem.to_text()));
  py::list out;
  for (scenario::Result& result : results) out.append(dict_of(std::move(result)));
  return py::make_tuple(out, problems);
}

}  // namespace

void bind_scenarios(py::module_& module) {
  bind_recording(module);
  py::class_<scenario::Scenario, ScenarioPtr>(module, "Scenario")
      .def_property_readonly("name", [](const scenario::Scenario& self) { return text(self.name); })
      .def_property_readonly("description",
                             [](const scenario::Scenario& self) { return text(self.description); })
      .def_property_readonly("file", [](const scenario::Scenario& self) { return text(self.file); })
      .def_property_readonly("line", [](const scenario::Scenario& self) { return self.at.line; })
      .def_property_readonly("steps",
                             [](const scenario::Scenario& self) { return self.steps.size(); })
      .def("yaml", [](const scenario::Scenario& self,
                      const std::string& comment) { return text(explore::to_yaml(self, comment)); })
      .def("run", &run_scenario)
      .def("shrink", &shrink);
  module.def("load_files", [](const std::vector<std::string>& paths) {
    return loaded(scenario::load_files(paths));
  });
  module.def("load_text", [](const std::string& yaml, const std::string& file) {
    return loaded(scenario::load_text(yaml, file));
  });
  module.def(
      "scenario_of_seed",
      [](std::uint64_t seed, const py::object& capture, const py::object& workload) {
        return std::make_shared<scenario::Scenario>(
            explore::scenario_of_seed(seed, capture_from(capture), workload_from(workload)));
      },
      py::arg("seed"), py::arg("capture") = py::none(), py::arg("workload") = py::none());
  module.def("run_contract", &run_contract);
}

}  // namespace lockstep::python
