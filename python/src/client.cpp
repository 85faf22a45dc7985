#include "client.h"

#include <map>
#include <utility>

#include "options.h"
#include "results.h"
#include "sdk/host/fork.h"
#include "sdk/host/thread_host.h"
#include "values.h"

namespace lockstep::python {

namespace {

std::unique_ptr<Client> make_client(Options options, const std::optional<CurlOptions>& curl) {
  // Starting a thread, and waiting for the host that another one ends.
  const py::gil_scoped_release released;
  if (!curl) return std::make_unique<Client>(std::move(options));
  return std::make_unique<Client>(std::move(options), ThreadHost::create(*curl));
}

}  // namespace

NativeClient::NativeClient(Options options, std::optional<CurlOptions> curl)
    : options_(options),
      curl_(std::move(curl)),
      may_wait_(options.queue_full == QueueFullPolicy::block),
      fork_generation_(lockstep::fork_generation()),
      client_(make_client(std::move(options), curl_)) {}

NativeClient::NativeClient(Options options, std::shared_ptr<Simulation> simulation,
                           const std::string& name)
    : simulation_(std::move(simulation)), may_wait_(options.queue_full == QueueFullPolicy::block) {
  options.trace = &simulation_->trace();
  options.trace_name = name;
  options.on_outcome = [told = std::move(options.on_outcome), name,
                        simulation = simulation_.get()](const Outcome& outcome) {
    simulation->ended(name, outcome);
    if (told) told(outcome);
  };
  client_ = simulation_->touch(
      [&] { return std::make_unique<Client>(std::move(options), simulation_->host()); });
}

NativeClient::~NativeClient() {
  if (interpreter_ends) {
    // It was shut down. Its host's thread may be lost in a callable that will never get the GIL.
    static_cast<void>(client_.release());
    return;
  }
  const py::gil_scoped_release released;
  client_.reset();
}

Client& NativeClient::client() {
  if (simulation_ == nullptr && fork_generation_ != lockstep::fork_generation()) {
    fork_generation_ = lockstep::fork_generation();
    of_parents_.push_back(std::move(client_));
    client_ = make_client(*options_, curl_);
  }
  return *client_;
}

namespace {

Event event_from(const py::dict& given) {
  Event event;
  std::string scratch;
  event.distinct_id = utf8(given["distinct_id"], scratch);
  event.name = utf8(given["event"], scratch);
  event.properties = properties_from(given["properties"]);
  if (!given["timestamp"].is_none()) event.timestamp = wall_from(given["timestamp"], "timestamp");
  if (!given["uuid"].is_none()) event.uuid = uuid_from(given["uuid"]);
  event.historical = given["historical"].cast<bool>();
  const auto set_flag = [&](const char* name, std::optional<bool>& out) {
    if (!given[name].is_none()) out = given[name].cast<bool>();
  };
  set_flag("cookieless_mode", event.options.cookieless_mode);
  set_flag("disable_skew_correction", event.options.disable_skew_correction);
  set_flag("process_person_profile", event.options.process_person_profile);
  return event;
}

py::object capture_event(NativeClient& self, const py::dict& given) {
  const bool ai = given["ai"].cast<bool>();
  Event event = event_from(given);
  return to_python(self.wait([&](Client& client) {
    return ai ? client.capture_ai(std::move(event)) : client.capture(std::move(event));
  }));
}

py::object flush(NativeClient& self, const py::object& timeout) {
  const Duration limit = duration_from(timeout, "timeout");
  return to_python(self.wait([&](Client& client) { return client.flush(limit); }));
}

py::object shutdown(NativeClient& self, const py::object& timeout) {
  if (timeout.is_none()) {
    return to_python(self.wait([](Client& client) { return client.shutdown(); }));
  }
  const Duration limit = duration_from(timeout, "timeout");
  return to_python(self.wait([&](Client& client) { return client.shutdown(limit); }));
}

std::map<std::string, std::string> texts_from(py::handle dict) {
  std::map<std::string, std::string> texts;
  if (dict.is_none()) return texts;
  for (const auto& [name, value] : py::reinterpret_borrow<py::dict>(dict)) {
    texts[py::str(name)] = py::str(value);
  }
  return texts;
}

py::object flag_tuple(const FlagResult& result) {
  py::object value = py::none();
  if (result.value) {
    if (const auto* on = std::get_if<bool>(&*result.value)) {
      value = py::bool_(*on);
    } else {
      value = text(std::get<std::string>(*result.value));
    }
  }
  return make(Tuple::flag_result,
              {py::bool_(result.enabled()), value,
               result.payload ? py::object(text(*result.payload)) : py::object(py::none()),
               text(result.error)});
}

py::object get_feature_flag(NativeClient& self, const std::string& key,
                            const std::string& distinct_id, const py::object& groups,
                            const py::object& person_properties, bool send_event) {
  FlagRequest request;
  request.key = key;
  request.distinct_id = distinct_id;
  request.groups = texts_from(groups);
  request.person_properties = properties_from(person_properties);
  request.send_event = send_event;
  return flag_tuple(self.wait([&](Client& client) { return client.get_feature_flag(request); }));
}

// A flush or shutdown that was begun. Keeps its client's native part alive.
struct Handle {
  std::shared_ptr<NativeClient> client;
  FlushHandle handle;
};

Handle begin(const std::shared_ptr<NativeClient>& self, const py::object& timeout,
             bool is_shutdown) {
  const Duration limit = duration_from(timeout, "timeout");
  return {self, self->wait([&](Client& client) {
            return is_shutdown ? client.begin_shutdown(limit) : client.begin_flush(limit);
          })};
}

std::shared_ptr<NativeClient> make_real(const py::dict& options, const py::object& curl) {
  std::optional<CurlOptions> network;
  if (!curl.is_none()) network = curl_options_from(curl);
  return std::make_shared<NativeClient>(options_from(options), std::move(network));
}

std::shared_ptr<NativeClient> make_simulated(const py::dict& options,
                                             std::shared_ptr<Simulation> simulation,
                                             const std::string& name) {
  return std::make_shared<NativeClient>(options_from(options), std::move(simulation), name);
}

void bind_handle(py::module_& module) {
  py::class_<Handle>(module, "FlushHandle")
      .def_property_readonly(
          "done",
          [](const Handle& self) {
            return self.client->touch([&](Client&) { return self.handle.done(); });
          })
      .def("report",
           [](const Handle& self) {
             return to_python(self.client->touch([&](Client&) { return self.handle.report(); }));
           })
      .def("wait", [](const Handle& self) {
        return to_python(self.client->wait([&](Client&) { return self.handle.wait(); }));
      });
}

}  // namespace

void bind_client(py::module_& module) {
  py::register_exception<ConfigError>(module, "ConfigError", PyExc_ValueError);
  py::register_exception<NotJson>(module, "NotJson", PyExc_TypeError);

  py::class_<NativeClient, std::shared_ptr<NativeClient>> type(module, "Client");
  type.def(py::init(&make_real), py::arg("options"), py::arg("curl"))
      .def(py::init(&make_simulated), py::arg("options"), py::arg("simulation"), py::arg("name"))
      .def("capture_event", &capture_event)
      .def("alias",
           [](NativeClient& self, const std::string& distinct_id, const std::string& alias) {
             return to_python(
                 self.wait([&](Client& client) { return client.alias(distinct_id, alias); }));
           })
      .def("flush", &flush, py::arg("timeout") = 10.0)
      .def("shutdown", &shutdown, py::arg("timeout") = py::none())
      .def(
          "begin_flush",
          [](const std::shared_ptr<NativeClient>& self, const py::object& timeout) {
            return begin(self, timeout, false);
          },
          py::arg("timeout") = 10.0)
      .def(
          "begin_shutdown",
          [](const std::shared_ptr<NativeClient>& self, const py::object& timeout) {
            return begin(self, timeout, true);
          },
          py::arg("timeout") = 10.0)
      .def("get_feature_flag", &get_feature_flag, py::arg("key"), py::arg("distinct_id"),
           py::arg("groups") = py::none(), py::arg("person_properties") = py::none(),
           py::arg("send_event") = true)
      .def("stats",
           [](NativeClient& self) {
             return to_python(self.touch([](Client& client) { return client.stats(); }));
           })
      .def("opt_out",
           [](NativeClient& self) { self.touch([](Client& client) { client.opt_out(); }); })
      .def("opt_in",
           [](NativeClient& self) { self.touch([](Client& client) { client.opt_in(); }); })
      .def_property_readonly("opted_out", [](NativeClient& self) {
        return self.touch([](Client& client) { return client.opted_out(); });
      });
  add_capture(type);
  bind_handle(module);
  module.def("option_names", &option_names);
  module.def("interpreter_ends", [] { interpreter_ends = true; });
}

}  // namespace lockstep::python
