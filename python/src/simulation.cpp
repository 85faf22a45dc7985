#include "simulation.h"

#include <stdexcept>

#include "clock/timestamp.h"
#include "mockserver/journal.h"
#include "recording.h"
#include "results.h"
#include "values.h"

namespace lockstep::python {

// Between the simulated network and the server: carries out the network's own faults, and writes
// down what arrives.
class Simulation::Gate final : public http::Handler {
 public:
  explicit Gate(Simulation& simulation) : simulation_(simulation) {}
  http::Reply handle(const http::Request& request, Now now) override {
    return simulation_.pass(request, now);
  }

 private:
  Simulation& simulation_;
};

Simulation::Turnstile::Turnstile(Simulation& simulation) : simulation_(simulation) {
  std::thread::id nobody{};
  const auto self = std::this_thread::get_id();
  if (!simulation_.user_.compare_exchange_strong(nobody, self) && nobody != self) {
    throw std::runtime_error("a simulation is used by one thread at a time; another one is in it");
  }
  ++simulation_.uses_;
}

Simulation::Turnstile::~Turnstile() {
  if (--simulation_.uses_ == 0) simulation_.user_.store(std::thread::id{});
}

Simulation::Simulation(std::shared_ptr<ScriptedServer> server, std::uint64_t seed,
                       SimNetworkOptions network, WallTime start)
    : server_(std::move(server)),
      clock_(std::make_shared<VirtualClock>(start)),
      gate_(std::make_unique<Gate>(*this)),
      host_(std::make_shared<SimHost>(clock_, std::make_shared<const Chance>(seed),
                                      std::make_unique<SimTransport>(*clock_, *gate_, network))) {}

void Simulation::run_until(Instant at) {
  // How many instants pass between two looks at signals, such as a person's Ctrl-C.
  constexpr int kBetweenSignals = 4096;
  const Turnstile turnstile(*this);
  stopped_ = false;
  bool over = false;
  while (!over) {
    {
      const py::gil_scoped_release released;
      host_->settle();
      for (int instants = 0; !over && instants < kBetweenSignals; ++instants) {
        const Instant next = host_->next_instant();
        over = stopped_ || next > at || next == kNever;
        if (!over) host_->run_until(next);
      }
      if (over && !stopped_) clock_->advance_to(at);
    }
    if (PyErr_CheckSignals() != 0) throw py::error_already_set();
  }
}

bool Simulation::run_until_idle(Duration limit) {
  const Instant end = saturating_add(now(), limit);
  do {
    run_until(now());
    const Instant next = host_->next_instant();
    if (stopped_ || next == kNever || next > end) return next == kNever;
    run_until(next);
  } while (!stopped_);
  return host_->next_instant() == kNever;
}

http::Reply Simulation::pass(const http::Request& request, Now now) {
  ++passed_;
  const std::optional<NetworkFault> fault = ask_network(request, now);
  http::Reply reply;
  const bool arrives = !fault || mock::is_processed({.fault = fault->fault}) ||
                       fault->fault == http::Fault::no_answer;
  if (arrives) reply = server_->server().handle(request, now);
  if (fault) {
    reply.delay = saturating_add(reply.delay, fault->delay);
    if (fault->fault != http::Fault::none) {
      reply.fault = fault->fault;
      reply.fault_bytes = fault->fault_bytes;
    }
  }
  record(request, reply, now);
  return reply;
}

std::optional<NetworkFault> Simulation::ask_network(const http::Request& request, Now now) {
  std::optional<NetworkFault> fault;
  if (network_ == nullptr) return fault;
  const CallablePtr network = network_;
  network->call(
      [&] {
        return py::make_tuple(text(request.url.path), seconds(now.at.time_since_epoch()), passed_);
      },
      [&](const py::object& answer) {
        if (!answer.is_none()) fault = answer.cast<const NetworkFault&>();
      });
  return fault;
}

// As a scenario's world writes it, so that the timeline draws both alike.
void Simulation::record(const http::Request& request, const http::Reply& reply, Now now) {
  const http::Headers& headers = reply.response.headers;
  const std::string fault =
      reply.fault == http::Fault::none ? "" : std::string(mock::fault_name(reply.fault));
  trace_.record(now.at, "request",
                {{"client", request.headers.get("X-Test-Id").value_or("")},
                 {"number", passed_},
                 {"to", request.url.target()},
                 {"status", reply.response.status},
                 {"retry_after", headers.get("Retry-After").value_or("")},
                 {"fault", fault},
                 {"delay", to_seconds(reply.delay)},
                 {"body", digest_bytes(kDigestStart, request.body)}});
}

namespace {

py::object optional_seconds(Instant at) {
  return at == kNever ? py::object(py::none()) : py::object(seconds(at.time_since_epoch()));
}

RecordingPtr recording_of(Simulation& simulation, const std::string& name) {
  return std::make_shared<Recording>(Recording{name, simulation.trace().entries()});
}

py::list outcomes_of(const Simulation& simulation) {
  py::list out;
  for (const Simulation::Ended& ended : simulation.outcomes()) {
    const py::tuple outcome = to_python(ended.outcome);
    out.append(make(
        Tuple::outcome,
        {outcome[0], outcome[1], outcome[2], outcome[3], outcome[4], outcome[5], outcome[6],
         outcome[7], py::make_tuple(text(ended.client), seconds(ended.at.time_since_epoch()))}));
  }
  return out;
}

std::shared_ptr<Simulation> make_simulation(std::shared_ptr<ScriptedServer> server,
                                            std::uint64_t seed, const py::object& uplink,
                                            const py::object& downlink, const py::object& start,
                                            bool keep_trace) {
  const SimNetworkOptions network{duration_from(uplink, "latency"),
                                  duration_from(downlink, "latency")};
  if (network.uplink_latency < Duration{0} || network.downlink_latency < Duration{0}) {
    throw py::value_error("latency: expected at least 0");
  }
  const WallTime wall = start.is_none() ? VirtualClock::kDefaultStart : wall_from(start, "start");
  auto made = std::make_shared<Simulation>(std::move(server), seed, network, wall);
  if (!keep_trace) made->trace().forget_entries();
  return made;
}

NetworkFault make_fault(const py::object& fault, std::uint64_t bytes, const py::object& delay) {
  NetworkFault made;
  if (!fault.is_none()) made.fault = fault_from(py::str(fault));
  made.fault_bytes = bytes;
  made.delay = duration_from(delay, "delay");
  if (made.delay < Duration{0}) throw py::value_error("delay: expected at least 0");
  return made;
}

}  // namespace

void bind_simulation(py::module_& module) {
  py::class_<NetworkFault>(module, "NetworkFault").def(py::init(&make_fault));

  using Class = py::class_<Simulation, std::shared_ptr<Simulation>>;
  Class(module, "Simulation")
      .def(py::init(&make_simulation), py::arg("server"), py::arg("seed"), py::arg("uplink"),
           py::arg("downlink"), py::arg("start"), py::arg("keep_trace"))
      .def_property_readonly(
          "now", [](const Simulation& self) { return seconds(self.now().time_since_epoch()); })
      .def_property_readonly(
          "wall_time", [](Simulation& self) { return epoch_seconds(self.clock().wall_now()); })
      .def_property_readonly("steps", [](const Simulation& self) { return self.host()->turns(); })
      .def("next_instant",
           [](Simulation& self) {
             return optional_seconds(self.touch([&] { return self.host()->next_instant(); }));
           })
      .def("run_until",
           [](Simulation& self, const py::object& at) {
             self.run_until(Instant{duration_from(at, "at")});
           })
      .def("run_for",
           [](Simulation& self, const py::object& span) {
             const Duration length = duration_from(span, "span");
             if (length < Duration{0}) throw py::value_error("span: time does not go back");
             self.run_until(saturating_add(self.now(), length));
           })
      .def("run_until_idle",
           [](Simulation& self, const py::object& limit) {
             return self.run_until_idle(duration_from(limit, "limit"));
           })
      .def("stop", &Simulation::stop)
      .def("set_network",
           [](Simulation& self, const py::object& f) { self.set_network(callable_from(f)); })
      .def("jump_wall",
           [](Simulation& self, const py::object& by) {
             self.clock().jump_wall(duration_from(by, "by"));
           })
      .def("set_wall_drift",
           [](Simulation& self, std::int64_t ppm) { self.clock().set_wall_drift(ppm); })
      .def("broken_invariant",
           [](Simulation& self) {
             const auto broken = self.touch([&] { return self.host()->broken_invariant(); });
             return broken ? py::object(text(*broken)) : py::object(py::none());
           })
      .def("outcomes", &outcomes_of)
      .def("recording", &recording_of)
      .def_property_readonly("digest", [](Simulation& self) { return self.trace().digest(); });
}

}  // namespace lockstep::python
