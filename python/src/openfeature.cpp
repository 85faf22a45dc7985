// OpenFeature's API and client from Python, with hooks and event handlers that are Python's.
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include "callable.h"
#include "flag_values.h"
#include "flags.h"
#include "openfeature/api.h"
#include "openfeature/client.h"
#include "openfeature/hook.h"
#include "results.h"
#include "values.h"

namespace lockstep::python {

namespace {

using openfeature::EvaluationContext;
using openfeature::EvaluationDetails;
using openfeature::FlagType;
using openfeature::HookContext;
using openfeature::HookHints;
using FlagClient = openfeature::Client;

// Its locks are taken without the GIL, because callables are let go of under them.
struct FlagApi {
  std::shared_ptr<openfeature::Api> api = held(std::make_unique<openfeature::Api>());
  std::shared_ptr<Simulation> simulation;  // of those of its providers that have one
};
using FlagApiPtr = std::shared_ptr<FlagApi>;

// A client, and the API that it belongs to.
struct NativeFlags {
  FlagApiPtr api;
  std::shared_ptr<FlagClient> client;
};

// --- details -------------------------------------------------------------------------------------

py::object value_of(bool value) { return py::bool_(value); }
py::object value_of(std::int64_t value) { return py::int_(value); }
py::object value_of(double value) { return py::float_(value); }
py::object value_of(const std::string& value) { return text(value); }
py::object value_of(const openfeature::Value& value) { return to_python(value); }

template <typename T>
py::dict details_dict(const EvaluationDetails<T>& details) {
  py::dict out;
  out["flag_key"] = text(details.flag_key);
  out["value"] = value_of(details.value);
  out["variant"] = details.variant ? py::object(text(*details.variant)) : py::object(py::none());
  out["reason"] = text(details.reason);
  out["error_code"] = or_none(details.error_code);
  out["error_message"] = text(details.error_message);
  out["metadata"] = to_python(details.metadata);
  return out;
}

// --- hooks ---------------------------------------------------------------------------------------

class HookRaised : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// A hook written in Python: a function of (stage, context, argument, hints), which never raises. It
// returns None, a context to merge, or what the hook raised, as text.
class PythonHook final : public openfeature::Hook {
 public:
  explicit PythonHook(CallablePtr callable) : callable_(std::move(callable)) {}

  std::optional<EvaluationContext> before(const HookContext& context,
                                          const HookHints& hints) override {
    std::optional<EvaluationContext> added;
    run(
        "before", context, hints, [] { return py::object(py::none()); }, &added);
    return added;
  }
  void after(const HookContext& context, const EvaluationDetails<openfeature::Value>& details,
             const HookHints& hints) override {
    run("after", context, hints, [&] { return py::object(details_dict(details)); });
  }
  void error(const HookContext& context, const openfeature::EvaluationError& error,
             const HookHints& hints) override {
    run("error", context, hints, [&] {
      return py::object(py::make_tuple(word(to_string(error.code)), text(error.message)));
    });
  }
  void finally(const HookContext& context, const EvaluationDetails<openfeature::Value>& details,
               const HookHints& hints) override {
    run("finally_after", context, hints, [&] { return py::object(details_dict(details)); });
  }

 private:
  template <typename Argument>
  void run(const char* stage, const HookContext& context, const HookHints& hints, Argument argument,
           std::optional<EvaluationContext>* added = nullptr) {
    std::string raised;
    callable_->call(
        [&] { return py::make_tuple(stage, context_dict(context), argument(), to_python(hints)); },
        [&](const py::object& answer) {
          if (answer.is_none()) return;
          if (py::isinstance<py::str>(answer)) {
            raised = answer.cast<std::string>();
          } else if (added != nullptr) {
            *added = answer.cast<const EvaluationContext&>();
          }
        });
    if (!raised.empty()) throw HookRaised(raised);
  }

  // With a dict that is this hook's own for the length of the evaluation.
  static py::dict context_dict(const HookContext& context) {
    std::any& kept = context.data["python"];
    if (!kept.has_value()) kept = std::make_shared<const Callable>(py::dict());
    py::dict out;
    out["flag_key"] = text(context.flag_key);
    out["flag_type"] = word(to_string(context.type));
    out["default_value"] = to_python(context.default_value);
    out["client_domain"] = text(context.client_domain);
    out["provider_name"] = text(context.provider_name);
    out["context"] = py::cast(context.context);
    out["data"] = std::any_cast<const CallablePtr&>(kept)->object();
    return out;
  }

  const CallablePtr callable_;
};

openfeature::Hooks hooks_from(const py::list& functions) {
  openfeature::Hooks hooks;
  for (const py::handle function : functions) {
    hooks.push_back(
        std::make_shared<PythonHook>(callable_from(py::reinterpret_borrow<py::object>(function))));
  }
  return hooks;
}

// --- events --------------------------------------------------------------------------------------

openfeature::ProviderEventType event_type_from(const std::string& word) {
  using openfeature::ProviderEventType;
  for (const auto type : {ProviderEventType::ready, ProviderEventType::error,
                          ProviderEventType::configuration_changed, ProviderEventType::stale}) {
    if (to_string(type) == word) return type;
  }
  throw py::value_error("event: found \"" + word +
                        "\"; expected PROVIDER_READY, PROVIDER_ERROR, "
                        "PROVIDER_CONFIGURATION_CHANGED or PROVIDER_STALE");
}

py::dict event_of(const openfeature::ProviderEvent& event) {
  py::list changed;
  for (const std::string& key : event.flags_changed) changed.append(text(key));
  py::dict out;
  out["type"] = word(to_string(event.type));
  out["provider_name"] = text(event.provider_name);
  out["message"] = text(event.message);
  out["error_code"] = or_none(event.error_code);
  out["flags_changed"] = changed;
  return out;
}

openfeature::EventHandler handler_from(const py::object& function) {
  return [callable = callable_from(function)](const openfeature::ProviderEvent& event) {
    callable->call([&] { return py::make_tuple(event_of(event)); }, [](const py::object&) {});
  };
}

// --- the API -------------------------------------------------------------------------------------

void set_provider(FlagApi& self, const std::string& domain, const FlagProviderPtr& provider) {
  if (provider->simulation != nullptr) self.simulation = provider->simulation;
  in_world(self.simulation, [&] { self.api->set_provider(domain, provider->provider); });
}

// A function that returns a context, or what it raised, as text.
std::function<EvaluationContext()> transaction_source(const py::object& function) {
  return [callable = callable_from(function)] {
    EvaluationContext context;
    std::string raised;
    callable->call([] { return py::tuple(); },
                   [&](const py::object& answer) {
                     if (py::isinstance<py::str>(answer)) {
                       raised = answer.cast<std::string>();
                     } else if (!answer.is_none()) {
                       context = answer.cast<const EvaluationContext&>();
                     }
                   });
    if (!raised.empty()) throw HookRaised(raised);
    return context;
  };
}

void set_transaction_context(const FlagApi& self, const py::object& function) {
  std::function<EvaluationContext()> source;
  if (!function.is_none()) source = transaction_source(function);
  in_world(self.simulation, [&] { self.api->set_transaction_context(std::move(source)); });
}

std::uint64_t on(const FlagApi& self, const std::string& type, const py::object& function) {
  openfeature::EventHandler handler = handler_from(function);
  const auto event = event_type_from(type);
  return in_world(self.simulation, [&] { return self.api->on(event, std::move(handler)); });
}

void bind_api(py::module_& module) {
  py::class_<FlagApi, FlagApiPtr>(module, "FlagApi")
      .def(py::init<>())
      .def("set_provider", &set_provider)
      .def("provider_name",
           [](const FlagApi& self, const std::string& domain) {
             return text(in_world(self.simulation,
                                  [&] { return std::string(self.api->provider(domain)->name()); }));
           })
      .def("set_context",
           [](const FlagApi& self, const EvaluationContext& context) {
             in_world(self.simulation, [&] { self.api->set_context(context); });
           })
      .def("set_transaction_context", &set_transaction_context)
      .def("add_hooks",
           [](const FlagApi& self, const py::list& functions) {
             const openfeature::Hooks hooks = hooks_from(functions);
             in_world(self.simulation, [&] { self.api->add_hooks(hooks); });
           })
      .def("on", &on)
      .def("off",
           [](const FlagApi& self, std::uint64_t handler) {
             in_world(self.simulation, [&] { self.api->off(handler); });
           })
      .def("client",
           [](const FlagApiPtr& self, const std::string& domain) {
             auto client = std::make_unique<FlagClient>(self->api->client(domain));
             return std::make_shared<NativeFlags>(NativeFlags{self, held(std::move(client))});
           })
      .def("shutdown",
           [](const FlagApi& self) { in_world(self.simulation, [&] { self.api->shutdown(); }); });
}

// --- the client ----------------------------------------------------------------------------------

struct Question {
  std::string key;
  const EvaluationContext& context;
  const openfeature::EvaluationOptions& options;
};

template <typename T, typename Get>
py::dict ask(const NativeFlags& self, const Question& question, T fallback, Get get) {
  return details_dict(in_world(self.api->simulation, [&] {
    return ((*self.client).*get)(question.key, std::move(fallback), question.context,
                                 question.options);
  }));
}

py::dict evaluate(const NativeFlags& self, const std::string& key, const std::string& type,
                  const py::object& fallback, const EvaluationContext& context,
                  const py::list& hooks, const py::object& hints) {
  const openfeature::EvaluationOptions options{hooks_from(hooks),
                                               structure_from(hints, "hook_hints")};
  const Question question{key, context, options};
  switch (flag_type_from(type)) {
    case FlagType::boolean:
      return ask(self, question, fallback.cast<bool>(), &FlagClient::get_boolean_details);
    case FlagType::string:
      return ask(self, question, fallback.cast<std::string>(), &FlagClient::get_string_details);
    case FlagType::integer:
      return ask(self, question, fallback.cast<std::int64_t>(), &FlagClient::get_integer_details);
    case FlagType::number:
      return ask(self, question, fallback.cast<double>(), &FlagClient::get_double_details);
    case FlagType::object:
      break;
  }
  return ask(self, question, value_from(fallback, "default"), &FlagClient::get_object_details);
}

std::uint64_t on_client(const NativeFlags& self, const std::string& type,
                        const py::object& function) {
  openfeature::EventHandler handler = handler_from(function);
  const auto event = event_type_from(type);
  return in_world(self.api->simulation, [&] { return self.client->on(event, std::move(handler)); });
}

void track(const NativeFlags& self, const std::string& event, const EvaluationContext& context,
           const py::object& value, const py::object& fields) {
  const auto details = details_from(value, fields);
  in_world(self.api->simulation, [&] { self.client->track(event, context, details); });
}

}  // namespace

void bind_openfeature(py::module_& module) {
  bind_context(module);
  bind_providers(module);
  bind_tracker(module);
  bind_api(module);
  py::class_<NativeFlags, std::shared_ptr<NativeFlags>>(module, "FlagClient")
      .def_property_readonly("domain",
                             [](const NativeFlags& self) { return text(self.client->domain()); })
      .def_property_readonly("provider_status",
                             [](const NativeFlags& self) {
                               return word(to_string(in_world(self.api->simulation, [&] {
                                 return self.client->provider_status();
                               })));
                             })
      .def("set_context",
           [](const NativeFlags& self, const EvaluationContext& context) {
             in_world(self.api->simulation, [&] { self.client->set_context(context); });
           })
      .def("add_hooks",
           [](const NativeFlags& self, const py::list& functions) {
             openfeature::Hooks hooks = hooks_from(functions);
             in_world(self.api->simulation, [&] { self.client->add_hooks(std::move(hooks)); });
           })
      .def("on", &on_client)
      .def("off",
           [](const NativeFlags& self, std::uint64_t handler) {
             in_world(self.api->simulation, [&] { self.client->off(handler); });
           })
      .def("evaluate", &evaluate)
      .def("track", &track);
}

}  // namespace lockstep::python
