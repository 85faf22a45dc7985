#include "options.h"

#include <array>
#include <string>
#include <utility>

#include "callable.h"
#include "clock/timestamp.h"
#include "option_table.h"
#include "results.h"
#include "sdk/json/writer.h"
#include "values.h"

namespace lockstep::python {

namespace {

using python::read;

// --- values of each type ------------------------------------------------------------------------

template <typename Enum, typename Parse>
void read_word(const char* name, py::handle value, Enum& out, Parse parse, const char* words) {
  std::string given;
  read(name, value, given);
  const auto parsed = parse(given);
  if (!parsed) {
    throw py::value_error(std::string(name) + ": found \"" + given + "\"; expected " + words);
  }
  out = *parsed;
}
void read(const char* name, py::handle value, Capture& out) {
  read_word(name, value, out, parse_capture, "v0, v1, client, segment or confidence");
}
void read(const char* name, py::handle value, Compression& out) {
  read_word(name, value, out, parse_compression, "none, gzip, deflate, br or zstd");
}
void read(const char* name, py::handle value, QueueFullPolicy& out) {
  read_word(name, value, out, parse_queue_full_policy, "drop_newest, drop_oldest or block");
}

void read(const char* name, py::handle value, Properties& out) {
  try {
    out = properties_from(value);
  } catch (const NotJson& problem) {
    throw py::type_error(std::string(name) + ": " + problem.what());
  }
}

// --- callables ----------------------------------------------------------------------------------

// What a hook made of the event. An entry that it took away stays as it was, but for properties.
void take_over(const py::dict& changed, Event& event) {
  if (changed.contains("event")) read("event", changed["event"], event.name);
  if (changed.contains("distinct_id")) {
    read("distinct_id", changed["distinct_id"], event.distinct_id);
  }
  event.properties =
      changed.contains("properties") ? properties_from(changed["properties"]) : Properties{};
  if (changed.contains("uuid")) event.uuid = uuid_from(changed["uuid"]);
  if (changed.contains("timestamp")) {
    const auto written = py::str(changed["timestamp"]).cast<std::string>();
    const auto timestamp = parse_rfc3339(written);
    if (!timestamp)
      throw py::value_error("timestamp: found \"" + written + "\"; expected RFC 3339");
    event.timestamp = timestamp;
  }
}

// A hook that the package's own code could not carry out fails closed: so does this.
class HookFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

BeforeSend hook_of(const py::object& function) {
  return [callable = callable_from(function)](Event& event) {
    bool kept = false;
    std::string problem = "the hook raised an exception";
    callable->call([&] { return py::make_tuple(event_dict(event)); },
                   [&](const py::object& answer) {
                     // A tuple stands for what the hook raised.
                     if (PyTuple_Check(answer.ptr()) != 0) return;
                     problem.clear();
                     kept = !answer.is_none();
                     if (!kept) return;
                     try {
                       take_over(answer, event);
                     } catch (const std::exception& wrong_event) {
                       problem = wrong_event.what();
                     }
                   });
    if (!problem.empty()) throw HookFailed(problem);
    return kept;
  };
}

void read(const char* name, py::handle value, std::vector<BeforeSend>& out) {
  if (PyList_Check(value.ptr()) == 0) throw wrong_type(name, value, "a list of functions");
  for (const py::handle function : value) {
    out.push_back(hook_of(py::reinterpret_borrow<py::object>(function)));
  }
}

template <typename Told>
void read(const char*, py::handle value, std::function<void(const Told&)>& out) {
  out = [callable = callable_from(py::reinterpret_borrow<py::object>(value))](const Told& told) {
    callable->call([&] { return py::make_tuple(to_python(told)); }, [](const py::object&) {});
  };
}

void read(const char*, py::handle value, std::function<void(LogLevel, std::string_view)>& out) {
  out = [callable = callable_from(py::reinterpret_borrow<py::object>(value))](
            LogLevel level, std::string_view message) {
    callable->call([&] { return py::make_tuple(static_cast<int>(level), text(message)); },
                   [](const py::object&) {});
  };
}

// --- the table ----------------------------------------------------------------------------------

template <auto Member, typename Settings>
void set(Settings& settings, const char* name, py::handle value) {
  read(name, value, settings.*Member);
}

#define LOCKSTEP_OPTION(name) \
  Option<Options> { #name, set < &Options::name> }
constexpr std::array kOptions{
    LOCKSTEP_OPTION(api_key),
    LOCKSTEP_OPTION(host),
    LOCKSTEP_OPTION(disabled),
    LOCKSTEP_OPTION(capture),
    LOCKSTEP_OPTION(compression),
    LOCKSTEP_OPTION(headers),
    LOCKSTEP_OPTION(flush_at),
    LOCKSTEP_OPTION(flush_interval),
    LOCKSTEP_OPTION(max_batch_size),
    LOCKSTEP_OPTION(max_batch_bytes),
    LOCKSTEP_OPTION(max_event_bytes),
    LOCKSTEP_OPTION(max_ai_event_bytes),
    LOCKSTEP_OPTION(max_queue_size),
    LOCKSTEP_OPTION(max_queue_bytes),
    LOCKSTEP_OPTION(queue_full),
    LOCKSTEP_OPTION(max_block),
    LOCKSTEP_OPTION(max_in_flight),
    LOCKSTEP_OPTION(max_retries),
    LOCKSTEP_OPTION(retry_initial_backoff),
    LOCKSTEP_OPTION(retry_max_backoff),
    LOCKSTEP_OPTION(retry_jitter_percent),
    LOCKSTEP_OPTION(max_retry_after),
    LOCKSTEP_OPTION(request_timeout),
    LOCKSTEP_OPTION(connect_timeout),
    LOCKSTEP_OPTION(max_response_bytes),
    LOCKSTEP_OPTION(shutdown_timeout),
    LOCKSTEP_OPTION(disable_geoip),
    LOCKSTEP_OPTION(historical_migration),
    LOCKSTEP_OPTION(is_server),
    LOCKSTEP_OPTION(super_properties),
    LOCKSTEP_OPTION(event_id_field),
    LOCKSTEP_OPTION(flags_timeout),
    LOCKSTEP_OPTION(flags_max_retries),
    LOCKSTEP_OPTION(flags_retry_backoff),
    LOCKSTEP_OPTION(flag_called_cache_size),
    LOCKSTEP_OPTION(before_send),
    LOCKSTEP_OPTION(on_outcome),
    LOCKSTEP_OPTION(on_error),
    LOCKSTEP_OPTION(on_request),
    LOCKSTEP_OPTION(logger),
};
#undef LOCKSTEP_OPTION

constexpr std::array kCurlOptions{
    Option<CurlOptions>{"proxy", set<&CurlOptions::proxy>},
    Option<CurlOptions>{"no_proxy", set<&CurlOptions::no_proxy>},
    Option<CurlOptions>{"ca_file", set<&CurlOptions::ca_file>},
    Option<CurlOptions>{"interface", set<&CurlOptions::interface>},
    Option<CurlOptions>{"max_connections", set<&CurlOptions::max_connections>},
    Option<CurlOptions>{"max_connections_per_host", set<&CurlOptions::max_connections_per_host>},
};

}  // namespace

py::dict event_dict(const Event& event) {
  py::dict out;
  out["event"] = text(event.name);
  out["distinct_id"] = text(event.distinct_id);
  out["properties"] = to_dict(event.properties);
  if (event.uuid) out["uuid"] = uuid_text(*event.uuid);
  if (event.timestamp) out["timestamp"] = text(to_rfc3339(*event.timestamp));
  return out;
}

Options options_from(const py::dict& given) {
  Options options;
  apply_options(options, given, kOptions);
  return options;
}

void set_options(Options& options, const py::dict& given) {
  apply_options(options, given, kOptions);
}

CurlOptions curl_options_from(const py::dict& given) {
  CurlOptions options;
  apply_options(options, given, kCurlOptions);
  return options;
}

std::optional<Capture> capture_from(const py::object& name) {
  std::optional<Capture> capture;
  if (!name.is_none()) read("capture", name, capture.emplace());
  return capture;
}

std::optional<explore::Workload> workload_from(const py::object& name) {
  std::optional<explore::Workload> workload;
  if (!name.is_none()) {
    read_word("workload", name, workload.emplace(), explore::parse_workload, "events or flags");
  }
  return workload;
}

py::list option_names() {
  py::list names;
  for (const auto& option : kOptions) names.append(word(option.name));
  return names;
}

}  // namespace lockstep::python
