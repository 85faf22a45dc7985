// Telemetry of a command-line tool from Python, in a simulation or in the real world.
#include "telemetry/telemetry.h"

#include <array>
#include <map>
#include <utility>
#include <vector>

#include "callable.h"
#include "option_table.h"
#include "options.h"
#include "results.h"
#include "simulation.h"
#include "telemetry/flow.h"
#include "values.h"

namespace lockstep::python {

namespace {

using python::read;
using telemetry::TelemetryOptions;

struct NativeTelemetry {
  std::shared_ptr<telemetry::Telemetry> telemetry;
  std::shared_ptr<Simulation> simulation;  // nullptr: the real world
};
using NativeTelemetryPtr = std::shared_ptr<NativeTelemetry>;

// --- options -------------------------------------------------------------------------------------

void read_base(TelemetryOptions& options, const char* name, py::handle value) {
  try {
    options.base = properties_from(value);
  } catch (const NotJson& problem) {
    throw py::type_error(std::string(name) + ": " + problem.what());
  }
}

// The environment as a dict of texts, instead of the process's.
void read_environment(TelemetryOptions& options, const char* name, py::handle value) {
  if (PyDict_Check(value.ptr()) == 0) throw wrong_type(name, value, "a dict of texts");
  std::map<std::string, std::string> variables;
  for (const auto& [variable, text] : py::reinterpret_borrow<py::dict>(value)) {
    std::string key;
    read(name, variable, key);
    read(name, text, variables[key]);
  }
  options.environment = [variables = std::move(variables)](const char* variable) -> const char* {
    const auto found = variables.find(variable);
    return found == variables.end() ? nullptr : found->second.c_str();
  };
}

void read_log(TelemetryOptions& options, const char*, py::handle value) {
  options.log =
      [callable = callable_from(py::reinterpret_borrow<py::object>(value))](std::string_view line) {
        callable->call([&] { return py::make_tuple(text(line)); }, [](const py::object&) {});
      };
}

void read_on_event(TelemetryOptions& options, const char*, py::handle value) {
  options.on_event =
      [callable = callable_from(py::reinterpret_borrow<py::object>(value))](const Event& event) {
        callable->call([&] { return py::make_tuple(event_dict(event)); }, [](const py::object&) {});
      };
}

// Read here, so that a wrong one is told at once.
void read_client(TelemetryOptions& options, const char*, py::handle value) {
  const auto given = py::reinterpret_borrow<py::dict>(value);
  options_from(given);
  auto kept = std::make_shared<const Callable>(given);
  options.customise = [kept = std::move(kept)](Options& client) {
    const py::gil_scoped_acquire gil;
    set_options(client, py::reinterpret_borrow<py::dict>(kept->object()));
  };
}

template <auto Member>
void set_telemetry(TelemetryOptions& options, const char* name, py::handle value) {
  read(name, value, options.*Member);
}

constexpr std::array kTelemetryOptions{
    Option<TelemetryOptions>{"write_key", set_telemetry<&TelemetryOptions::write_key>},
    Option<TelemetryOptions>{"endpoint", set_telemetry<&TelemetryOptions::endpoint>},
    Option<TelemetryOptions>{"version", set_telemetry<&TelemetryOptions::version>},
    Option<TelemetryOptions>{"anonymous_id", set_telemetry<&TelemetryOptions::anonymous_id>},
    Option<TelemetryOptions>{"user_id", set_telemetry<&TelemetryOptions::user_id>},
    Option<TelemetryOptions>{"base", read_base},
    Option<TelemetryOptions>{"opt_out", set_telemetry<&TelemetryOptions::opt_out>},
    Option<TelemetryOptions>{"debug", set_telemetry<&TelemetryOptions::debug>},
    Option<TelemetryOptions>{"log", read_log},
    Option<TelemetryOptions>{"close_timeout", set_telemetry<&TelemetryOptions::close_timeout>},
    Option<TelemetryOptions>{"environment", read_environment},
    Option<TelemetryOptions>{"on_event", read_on_event},
    Option<TelemetryOptions>{"client", read_client},
};

// In a simulation its trace and outcomes know it by that name.
void put_into(const std::shared_ptr<Simulation>& simulation, const std::string& name,
              TelemetryOptions& options) {
  options.host = simulation->host();
  options.customise = [customise = std::move(options.customise), name,
                       raw = simulation.get()](Options& client) {
    client.trace = &raw->trace();
    client.trace_name = name;
    if (customise) customise(client);
    client.on_outcome = [told = std::move(client.on_outcome), name, raw](const Outcome& outcome) {
      raw->ended(name, outcome);
      if (told) told(outcome);
    };
  };
}

NativeTelemetryPtr make_telemetry(const py::dict& given,
                                  const std::shared_ptr<Simulation>& simulation,
                                  const std::string& name) {
  TelemetryOptions options;
  apply_options(options, given, kTelemetryOptions);
  if (simulation != nullptr) put_into(simulation, name, options);
  auto made = in_world(simulation,
                       [&] { return std::make_unique<telemetry::Telemetry>(std::move(options)); });
  return std::make_shared<NativeTelemetry>(
      NativeTelemetry{held(std::move(made), simulation), simulation});
}

// --- calls ---------------------------------------------------------------------------------------

void identify(const NativeTelemetry& self, const py::dict& traits) {
  const Properties properties = properties_from(traits);
  in_world(self.simulation, [&] { self.telemetry->identify(properties); });
}

void track_event(const NativeTelemetry& self, const std::string& event, const py::dict& given) {
  const Properties properties = properties_from(given);
  in_world(self.simulation, [&] { self.telemetry->track(event, properties); });
}

void command_started(const NativeTelemetry& self, const std::string& command,
                     const py::list& flags) {
  std::vector<std::string> names;
  for (const py::handle flag : flags) names.push_back(py::str(flag).cast<std::string>());
  in_world(self.simulation, [&] { self.telemetry->command_started(command, std::move(names)); });
}

void command_completed(const NativeTelemetry& self, int exit_code, const std::string& error_class,
                       bool user_cancelled, const py::object& duration) {
  telemetry::Telemetry::Ending ending;
  ending.exit_code = exit_code;
  ending.error_class = error_class;
  ending.user_cancelled = user_cancelled;
  ending.duration = duration_from(duration, "duration");
  in_world(self.simulation, [&] { self.telemetry->command_completed(ending); });
}

// --- flows ---------------------------------------------------------------------------------------

// A flow, whose texts it keeps, and the telemetry that hears of it.
class NativeFlow {
 public:
  NativeFlow(NativeTelemetryPtr telemetry, std::string name, std::vector<std::string> steps,
             Properties properties)
      : telemetry_(std::move(telemetry)),
        name_(std::move(name)),
        steps_(std::move(steps)),
        views_(steps_.begin(), steps_.end()),
        tracker_(std::make_unique<telemetry::FlowTracker>(
            *telemetry_->telemetry, telemetry::Flow{name_, views_}, std::move(properties))) {}
  NativeFlow(const NativeFlow&) = delete;
  NativeFlow& operator=(const NativeFlow&) = delete;

  telemetry::FlowTracker& tracker() noexcept { return *tracker_; }
  const std::shared_ptr<Simulation>& simulation() const noexcept { return telemetry_->simulation; }

 private:
  const NativeTelemetryPtr telemetry_;
  const std::string name_;
  const std::vector<std::string> steps_;
  const std::vector<std::string_view> views_;
  const std::unique_ptr<telemetry::FlowTracker> tracker_;
};

std::shared_ptr<NativeFlow> make_flow(const NativeTelemetryPtr& telemetry, const std::string& name,
                                      const py::list& steps, const py::dict& given) {
  std::vector<std::string> names;
  for (const py::handle step : steps) names.push_back(py::str(step).cast<std::string>());
  Properties properties = properties_from(given);
  auto made = in_world(telemetry->simulation, [&] {
    return std::make_unique<NativeFlow>(telemetry, name, std::move(names), std::move(properties));
  });
  return held(std::move(made));
}

void complete_flow(NativeFlow& self, const py::dict& given) {
  const Properties properties = properties_from(given);
  in_world(self.simulation(), [&] { self.tracker().completed(properties); });
}

void bind_flow(py::module_& module) {
  py::class_<NativeFlow, std::shared_ptr<NativeFlow>>(module, "FlowTracker")
      .def(py::init(&make_flow), py::arg("telemetry"), py::arg("name"), py::arg("steps"),
           py::arg("properties"))
      .def("step", [](NativeFlow& self, const std::string& name) { self.tracker().step(name); })
      .def_property_readonly("current_step",
                             [](NativeFlow& self) { return text(self.tracker().current_step()); })
      .def_property_readonly("duration",
                             [](NativeFlow& self) { return seconds(self.tracker().duration()); })
      .def("completed", &complete_flow)
      .def("failed",
           [](NativeFlow& self, const std::string& error_class) {
             in_world(self.simulation(), [&] { self.tracker().failed(error_class); });
           })
      .def("aborted", [](NativeFlow& self) {
        in_world(self.simulation(), [&] { self.tracker().aborted(); });
      });
}

}  // namespace

void bind_telemetry(py::module_& module) {
  py::class_<NativeTelemetry, NativeTelemetryPtr>(module, "Telemetry")
      .def(py::init(&make_telemetry), py::arg("options"), py::arg("simulation"), py::arg("name"))
      .def_property_readonly("enabled",
                             [](const NativeTelemetry& self) { return self.telemetry->enabled(); })
      .def("identify", &identify)
      .def("track", &track_event)
      .def("command_started", &command_started)
      .def("command_completed", &command_completed, py::arg("exit_code"), py::arg("error_class"),
           py::arg("user_cancelled"), py::arg("duration"))
      .def("close",
           [](const NativeTelemetry& self) {
             in_world(self.simulation, [&] { self.telemetry->close(); });
           })
      .def("now",
           [](const NativeTelemetry& self) {
             return seconds(self.telemetry->now().time_since_epoch());
           })
      .def("stats", [](const NativeTelemetry& self) { return to_python(self.telemetry->stats()); });
  bind_flow(module);
}

}  // namespace lockstep::python
