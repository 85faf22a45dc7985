// The flag providers from Python: their options, and what one can ask of any of them.
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "callable.h"
#include "flag_values.h"
#include "flags.h"
#include "openfeature/memory_provider.h"
#include "option_table.h"
#include "options.h"
#include "providers/launchdarkly.h"
#include "providers/ofrep.h"
#include "providers/posthog.h"
#include "providers/static.h"
#include "providers/statsig.h"
#include "providers/unleash.h"
#include "results.h"
#include "sdk/host/thread_host.h"
#include "values.h"

namespace lockstep::python {

namespace {

using openfeature::EvaluationContext;
using openfeature::FlagQuery;
using openfeature::MemoryFlag;
using openfeature::MemoryProvider;
using openfeature::Resolution;
using python::read;

// --- providers over HTTP -------------------------------------------------------------------------

template <auto Member, typename Settings>
void set_of_backend(Settings& settings, const char* name, py::handle value) {
  read(name, value, settings.*Member);
}

template <auto Member, typename Settings>
void set_of_remote(Settings& settings, const char* name, py::handle value) {
  read(name, value, settings.remote.*Member);
}

// The options that all of them have, and those of one's own.
template <typename Settings>
std::vector<Option<Settings>> backend_table(std::initializer_list<Option<Settings>> own) {
  using providers::RemoteOptions;
  std::vector<Option<Settings>> table{
      {"base_url", set_of_remote<&RemoteOptions::base_url>},
      {"headers", set_of_remote<&RemoteOptions::headers>},
      {"timeout", set_of_remote<&RemoteOptions::timeout>},
      {"connect_timeout", set_of_remote<&RemoteOptions::connect_timeout>},
      {"max_response_bytes", set_of_remote<&RemoteOptions::max_response_bytes>},
      {"max_age", set_of_remote<&RemoteOptions::max_age>},
      {"max_stale", set_of_remote<&RemoteOptions::max_stale>},
      {"poll_interval", set_of_remote<&RemoteOptions::poll_interval>},
      {"max_contexts", set_of_remote<&RemoteOptions::max_contexts>},
      {"max_retry_after", set_of_remote<&RemoteOptions::max_retry_after>},
      {"trace_name", set_of_remote<&RemoteOptions::trace_name>},
  };
  table.insert(table.end(), own);
  return table;
}

// On the simulation's network; or on the process's thread host, with curl options on one of its
// own. Throws ConfigError.
template <typename Provider, typename Settings>
FlagProviderPtr make_remote(const py::dict& given, std::initializer_list<Option<Settings>> own,
                            const py::object& curl, std::shared_ptr<Simulation> simulation) {
  Settings settings;
  apply_options(settings, given, backend_table(own));
  std::optional<CurlOptions> network;
  if (!curl.is_none()) network = curl_options_from(curl);
  if (simulation != nullptr) settings.remote.trace = &simulation->trace();
  auto made = in_world(simulation, [&] {
    std::shared_ptr<Host> host;
    if (simulation != nullptr) host = simulation->host();
    if (network) host = ThreadHost::create(*network);
    return std::make_unique<Provider>(settings, std::move(host));
  });
  std::unique_ptr<openfeature::Provider> provider = std::move(made);
  return std::make_shared<FlagProvider>(
      FlagProvider{held(std::move(provider), simulation), simulation});
}

FlagProviderPtr make_backend(const std::string& kind, const py::dict& options,
                             const py::object& curl, std::shared_ptr<Simulation> simulation) {
  using namespace providers;
  if (kind == "ofrep") {
    return make_remote<Ofrep, OfrepOptions>(options,
                                            {{"token", set_of_backend<&OfrepOptions::token>},
                                             {"bulk", set_of_backend<&OfrepOptions::bulk>}},
                                            curl, std::move(simulation));
  }
  if (kind == "posthog") {
    return make_remote<Posthog, PosthogOptions>(
        options,
        {{"api_key", set_of_backend<&PosthogOptions::api_key>},
         {"disable_geoip", set_of_backend<&PosthogOptions::disable_geoip>}},
        curl, std::move(simulation));
  }
  if (kind == "unleash") {
    return make_remote<Unleash, UnleashOptions>(
        options,
        {{"token", set_of_backend<&UnleashOptions::token>},
         {"app_name", set_of_backend<&UnleashOptions::app_name>}},
        curl, std::move(simulation));
  }
  if (kind == "launchdarkly") {
    return make_remote<LaunchDarkly, LaunchDarklyOptions>(
        options,
        {{"sdk_key", set_of_backend<&LaunchDarklyOptions::sdk_key>},
         {"report", set_of_backend<&LaunchDarklyOptions::report>}},
        curl, std::move(simulation));
  }
  return make_remote<Statsig, StatsigOptions>(
      options,
      {{"api_key", set_of_backend<&StatsigOptions::api_key>},
       {"log_exposures", set_of_backend<&StatsigOptions::log_exposures>}},
      curl, std::move(simulation));
}

// --- providers without requests ------------------------------------------------------------------

FlagProviderPtr without_world(std::shared_ptr<openfeature::Provider> provider) {
  return std::make_shared<FlagProvider>(FlagProvider{std::move(provider), nullptr});
}

// A flag's dict: variants, default_variant, disabled, choose, metadata. `choose` is a function from
// a context to a tuple of a variant's name and of what it raised, as text.
MemoryFlag memory_flag(const py::dict& given, const std::string& where) {
  MemoryFlag flag;
  flag.variants = structure_from(given["variants"], where + ".variants");
  if (!given["default_variant"].is_none()) {
    flag.default_variant.emplace();
    read((where + ".default_variant").c_str(), given["default_variant"], *flag.default_variant);
  }
  read((where + ".disabled").c_str(), given["disabled"], flag.disabled);
  flag.metadata = structure_from(given["metadata"], where + ".metadata");
  if (given["choose"].is_none()) return flag;
  flag.choose = [callable = callable_from(given["choose"])](const EvaluationContext& context) {
    std::string variant;
    std::string raised;
    callable->call([&] { return py::make_tuple(context); },
                   [&](const py::object& answer) {
                     if (answer.is_none()) return;
                     const auto pair = answer.cast<py::tuple>();
                     variant = pair[0].cast<std::string>();
                     raised = pair[1].cast<std::string>();
                   });
    if (!raised.empty()) throw std::runtime_error(raised);
    return variant;
  };
  return flag;
}

FlagProviderPtr make_memory(const py::dict& given) {
  openfeature::MemoryFlags flags;
  for (const auto& [key, flag] : given) {
    const auto name = py::str(key).cast<std::string>();
    flags.emplace(name, memory_flag(py::reinterpret_borrow<py::dict>(flag), name));
  }
  std::unique_ptr<openfeature::Provider> made = std::make_unique<MemoryProvider>(std::move(flags));
  return without_world(held(std::move(made)));
}

void set_memory(const FlagProvider& self, const std::string& key, const py::dict& given) {
  MemoryFlag flag = memory_flag(given, key);
  const py::gil_scoped_release released;
  dynamic_cast<MemoryProvider&>(*self.provider).set(key, std::move(flag));
}

FlagProviderPtr make_static(const std::string& path_or_text, const py::object& name) {
  if (name.is_none()) return without_world(std::make_shared<providers::Static>(path_or_text));
  return without_world(providers::Static::from_text(path_or_text, py::str(name)));
}

// --- what one asks of them -----------------------------------------------------------------------

py::list evaluate_batch(const FlagProvider& self, const py::list& queries,
                        const EvaluationContext& context) {
  std::vector<FlagQuery> asked;
  for (const py::handle query : queries) {
    const auto pair = py::reinterpret_borrow<py::tuple>(query);
    asked.push_back({pair[0].cast<std::string>(), flag_type_from(pair[1].cast<std::string>())});
  }
  const std::vector<Resolution> resolutions =
      in_world(self.simulation, [&] { return self.provider->evaluate_batch(asked, context); });
  py::list out;
  for (const Resolution& resolution : resolutions) out.append(to_python(resolution));
  return out;
}

std::size_t remembered(const FlagProvider& self) {
  return dynamic_cast<const providers::Remote&>(*self.provider).remembered();
}

py::str last_error(const FlagProvider& self) {
  return text(dynamic_cast<const providers::Static&>(*self.provider).last_error());
}

}  // namespace

void bind_providers(py::module_& module) {
  py::class_<FlagProvider, FlagProviderPtr>(module, "Provider")
      .def_property_readonly("name",
                             [](const FlagProvider& self) { return text(self.provider->name()); })
      .def_property_readonly(
          "status",
          [](const FlagProvider& self) { return word(to_string(self.provider->status())); })
      .def("start",
           [](const FlagProvider& self, const EvaluationContext& context) {
             in_world(self.simulation, [&] { self.provider->start(context); });
           })
      .def("stop",
           [](const FlagProvider& self) {
             in_world(self.simulation, [&] { self.provider->stop(); });
           })
      .def("refresh",
           [](const FlagProvider& self) {
             return in_world(self.simulation, [&] { return self.provider->refresh(); });
           })
      .def("evaluate_batch", &evaluate_batch)
      .def("remembered", &remembered)
      .def("last_error", &last_error)
      .def("set_flag", &set_memory);
  module.def("backend_provider", &make_backend, py::arg("kind"), py::arg("options"),
             py::arg("curl"), py::arg("simulation"));
  module.def("memory_provider", &make_memory, py::arg("flags"));
  module.def("static_provider", &make_static, py::arg("path_or_text"), py::arg("name"));
}

}  // namespace lockstep::python
