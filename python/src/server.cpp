#include "server.h"

#include <pybind11/stl.h>

#include <utility>

#include "clock/system_clock.h"
#include "mockserver/http_front.h"
#include "results.h"
#include "sdk/json/writer.h"
#include "values.h"

namespace lockstep::python {

namespace {

py::tuple pairs_of(const http::Headers& headers) {
  py::tuple out(headers.size());
  std::size_t at = 0;
  for (const http::Header& header : headers) {
    out[at++] = py::make_tuple(text(header.name), text(header.value));
  }
  return out;
}

py::object bytes_of(const std::string& body) { return py::bytes(body); }

py::object or_none(const std::optional<std::string>& problem) {
  return problem ? py::object(text(*problem)) : py::object(py::none());
}

// A request that is still to be answered: what is said of the answer is empty.
py::object request_tuple(const mock::ParsedRequest& parsed, Instant origin, std::uint64_t number,
                         std::uint64_t attempt) {
  const http::Request& request = parsed.request;
  return make(Tuple::request, {py::int_(number),
                               seconds(parsed.arrival.at - origin),
                               word(request.method),
                               text(request.url.path),
                               text(request.url.query),
                               pairs_of(request.headers),
                               bytes_of(parsed.body),
                               text(parsed.test_id),
                               word(to_string(parsed.route)),
                               py::int_(request.body.size()),
                               or_none(parsed.decode_error),
                               py::int_(attempt),
                               py::int_(0),
                               py::tuple(0),
                               py::bytes(),
                               seconds(Duration{0}),
                               py::none(),
                               py::bool_(true),
                               py::str(),
                               epoch_seconds(parsed.arrival.wall)});
}

py::object request_tuple(const mock::JournalEntry& entry, Instant origin) {
  const bool has_fault = entry.fault != http::Fault::none;
  return make(Tuple::request,
              {py::int_(entry.number),
               seconds(entry.arrival.at - origin),
               word(entry.method),
               text(entry.path),
               text(entry.query),
               pairs_of(entry.headers),
               bytes_of(entry.body),
               text(entry.test_id),
               word(to_string(entry.route)),
               py::int_(entry.encoded_size),
               or_none(entry.decode_error),
               py::int_(entry.attempt),
               py::int_(entry.status),
               pairs_of(entry.response_headers),
               bytes_of(entry.response_body),
               seconds(entry.delay),
               has_fault ? word(mock::fault_name(entry.fault)) : py::object(py::none()),
               py::bool_(entry.processed),
               text(entry.note),
               epoch_seconds(entry.arrival.wall)});
}

py::object stored_tuple(const mock::StoredEvent& event, Instant origin) {
  return make(Tuple::stored_event,
              {text(event.uuid), text(event.name), text(event.distinct_id), text(event.timestamp),
               text(event.test_id), word(to_string(event.route)), bytes_of(event.bytes),
               seconds(event.first_arrival.at - origin), py::cast(event.requests),
               py::bool_(event.same_bytes)});
}

std::string text_of(py::handle value, const char* what) {
  if (PyUnicode_Check(value.ptr()) == 0) {
    throw py::type_error(std::string(what) + ": found " + type_name(value) + "; expected a str");
  }
  std::string scratch;
  return std::string(utf8(value, scratch));
}

http::Headers headers_from(py::handle given) {
  http::Headers headers;
  const py::object pairs = PyDict_Check(given.ptr()) != 0
                               ? given.attr("items")()
                               : py::reinterpret_borrow<py::object>(given);
  for (const py::handle pair : pairs) {
    const auto name_and_value = py::reinterpret_borrow<py::object>(pair);
    headers.add(text_of(name_and_value[py::int_(0)], "headers"),
                text_of(name_and_value[py::int_(1)], "headers"));
  }
  return headers;
}

// Places in the batch, or lockstep._results.EventErrors.
std::vector<mock::EventError> event_errors_from(py::handle given) {
  std::vector<mock::EventError> errors;
  for (const py::handle one : given) {
    mock::EventError& error = errors.emplace_back();
    if (PyLong_Check(one.ptr()) != 0) {
      error.index = one.cast<std::int64_t>();
    } else if (py::hasattr(one, "index") && py::hasattr(one, "reason")) {
      error.index = one.attr("index").cast<std::int64_t>();
      error.reason = text_of(one.attr("reason"), "event_errors: reason");
      error.message = text_of(one.attr("message"), "event_errors: message");
    } else {
      throw py::type_error("event_errors[" + std::to_string(errors.size() - 1) + "]: found " +
                           type_name(one) + "; expected a place in the batch, or an EventError");
    }
  }
  return errors;
}

// The fields of lockstep._results.Response, in their order.
mock::Step step_of_response(const py::tuple& response) {
  mock::Step step;
  step.status = response[0].cast<int>();
  if (!response[1].is_none()) step.headers = headers_from(response[1]);
  if (const py::object body = response[2]; PyBytes_Check(body.ptr()) != 0) {
    step.body = body.cast<std::string>();
  } else if (PyUnicode_Check(body.ptr()) != 0) {
    step.body = text_of(body, "body");
  } else if (!body.is_none()) {
    JsonWriter json;
    write_json(body, json);
    step.body = json.text();
  }
  if (!response[3].is_none()) {
    auto& results = step.v1_event_results.emplace();
    for (const py::handle result : py::reinterpret_borrow<py::object>(response[3])) {
      results.emplace_back(text_of(result, "results"));
    }
  }
  step.delay = duration_from(response[4], "delay");
  if (!response[5].is_none()) step.fault = fault_from(text_of(response[5], "fault"));
  step.fault_bytes = response[6].cast<std::uint64_t>();
  step.repeat = response[7].cast<std::uint64_t>();
  if (!response[8].is_none()) step.event_errors = event_errors_from(response[8]);
  return step;
}

mock::Script script_from(py::handle given) {
  JsonWriter json;
  write_json(given, json);
  return mock::parse_script(json.text());
}

}  // namespace

http::Fault fault_from(const std::string& name) {
  const auto fault = mock::parse_fault(name);
  if (!fault) {
    throw py::value_error("fault: found \"" + name + "\"; expected the name of a fault");
  }
  return *fault;
}

mock::Step step_from(py::handle answer) {
  mock::Step step;
  if (PyDict_Check(answer.ptr()) != 0) {
    py::list steps;
    steps.append(answer);
    py::dict script;
    script["responses"] = steps;
    return script_from(script).responses->front();
  }
  if (PyTuple_Check(answer.ptr()) != 0 && py::len(answer) == 9) {
    step = step_of_response(py::reinterpret_borrow<py::tuple>(answer));
  } else if (PyLong_Check(answer.ptr()) != 0) {
    step.status = answer.cast<int>();
  } else {
    throw py::type_error("a response: found " + type_name(answer) +
                         "; expected a status, a lockstep.Response or a dict");
  }
  mock::Script script;
  script.responses.emplace({step});
  mock::check(script);
  return step;
}

ScriptedServer::ScriptedServer(mock::ServerOptions options) : server_(options) {
  server_.set_responder([this](const mock::ParsedRequest& request) { return respond(request); });
}

void ScriptedServer::set_responder(CallablePtr responder) {
  const std::lock_guard lock(mutex_);
  responder_.swap(responder);
}

std::optional<mock::Step> ScriptedServer::respond(const mock::ParsedRequest& request) {
  CallablePtr responder;
  std::uint64_t number = 0;
  std::uint64_t attempt = 1;
  {
    const std::lock_guard lock(mutex_);
    number = ++asked_;
    responder = responder_;
    if (responder != nullptr && request.event_count() > 0) {
      attempt = ++carried_[request.events->front().uuid];
    }
  }
  std::optional<mock::Step> step;
  if (responder == nullptr) return step;
  responder->call(
      [&] { return py::make_tuple(request_tuple(request, origin_.load(), number, attempt)); },
      [&](const py::object& answer) {
        if (!answer.is_none()) step = answer.cast<const mock::Step&>();
      });
  return step;
}

py::list ScriptedServer::requests() const {
  std::vector<mock::JournalEntry> journal;
  {
    const py::gil_scoped_release released;
    journal = server_.journal();
  }
  py::list out;
  for (const mock::JournalEntry& entry : journal) out.append(request_tuple(entry, origin_.load()));
  return out;
}

py::list ScriptedServer::stored() const {
  py::list out;
  for (const auto& event : server_.stored()) out.append(stored_tuple(event, origin_.load()));
  return out;
}

namespace {

std::shared_ptr<ScriptedServer> make_server(bool strict, double latency, std::size_t max_requests) {
  mock::ServerOptions options;
  options.strict = strict;
  options.latency = duration_from(py::float_(latency), "latency");
  options.max_journal_entries = max_requests;
  return std::make_shared<ScriptedServer>(options);
}

void enqueue(ScriptedServer& self, const py::iterable& answers) {
  std::vector<mock::Step> steps;
  for (const py::handle answer : answers) steps.push_back(step_from(answer));
  self.server().enqueue(std::move(steps));
}

py::list violations(ScriptedServer& self) {
  py::list out;
  for (const mock::Violation& violation : self.server().violations()) {
    out.append(make(Tuple::violation,
                    {py::int_(violation.request), text(violation.test_id), text(violation.text)}));
  }
  return out;
}

// Behind a real socket, in real time. The handler and the clock live as long as it does.
class Front {
 public:
  explicit Front(std::shared_ptr<ScriptedServer> server)
      : server_(std::move(server)), front_(server_->server(), clock_) {}
  // A handler that is running may be waiting for the GIL.
  ~Front() { stop(); }
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;

  void listen(const std::string& host, std::uint16_t port) {
    server_->set_origin(clock_.now());
    const py::gil_scoped_release released;
    front_.listen(host, port);
  }
  void stop() noexcept {
    const py::gil_scoped_release released;
    front_.stop();
  }
  std::uint16_t port() const noexcept { return front_.port(); }
  std::string origin() const { return front_.origin(); }

 private:
  SystemClock clock_;
  std::shared_ptr<ScriptedServer> server_;
  mock::HttpFront front_;
};

}  // namespace

void bind_server(py::module_& module) {
  py::class_<mock::Step>(module, "Step");  // NOLINT(bugprone-unused-raii): registers it
  module.def("step", &step_from);

  py::class_<ScriptedServer, std::shared_ptr<ScriptedServer>>(module, "Server")
      .def(py::init(&make_server), py::arg("strict"), py::arg("latency"), py::arg("max_requests"))
      .def("enqueue", &enqueue)
      .def("script", [](ScriptedServer& self,
                        const py::dict& script) { self.server().script(script_from(script)); })
      .def("set_responder",
           [](ScriptedServer& self, const py::object& f) { self.set_responder(callable_from(f)); })
      .def("requests", &ScriptedServer::requests)
      .def("request_count", [](ScriptedServer& self) { return self.server().request_count(); })
      .def("stored", &ScriptedServer::stored)
      .def("stored_count",
           [](ScriptedServer& self) {
             std::size_t count = 0;
             for (const auto& partition : self.server().partitions()) {
               count += partition.stored_events;
             }
             return count;
           })
      .def("violations", &violations)
      .def("unrouted", [](ScriptedServer& self) { return self.server().unrouted(); })
      .def("clear_requests", [](ScriptedServer& self) { self.server().clear_requests(); })
      .def("reset", [](ScriptedServer& self) { self.server().reset(); });

  py::class_<Front>(module, "Front")
      .def(py::init<std::shared_ptr<ScriptedServer>>())
      .def("listen", &Front::listen)
      .def("stop", &Front::stop)
      .def_property_readonly("port", &Front::port)
      .def_property_readonly("origin", &Front::origin);
}

}  // namespace lockstep::python
