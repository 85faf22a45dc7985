#include <utility>

#include "flag_values.h"
#include "flags.h"
#include "openfeature/tracking_provider.h"
#include "results.h"

namespace lockstep::python {

using openfeature::ContextLevel;
using openfeature::EvaluationContext;
using openfeature::PayloadShape;
using openfeature::Tracker;
using openfeature::TrackingEventDetails;

// Called with the GIL held, which guards the members.
std::shared_ptr<Tracker> NativeTracker::tracker() {
  Client& client = client_->client();
  if (over_ != &client) {
    tracker_ = std::make_shared<Tracker>(client, shape_);
    over_ = &client;
    for (const auto& [level, context] : contexts_) tracker_->set_context(level, context);
  }
  return tracker_;
}

void NativeTracker::set_context(ContextLevel level, const EvaluationContext& context) {
  contexts_[level] = context;
  tracker()->set_context(level, context);
}

CaptureResult NativeTracker::track(const std::string& name, const EvaluationContext& context,
                                   const TrackingEventDetails& details) {
  const std::shared_ptr<Tracker> tracker = this->tracker();
  return client_->wait([&](Client&) { return tracker->track(name, context, details); });
}

namespace {

ContextLevel level_from(const std::string& word) {
  if (word == "api") return ContextLevel::api;
  if (word == "transaction") return ContextLevel::transaction;
  if (word == "client") return ContextLevel::client;
  throw py::value_error("level: found \"" + word + "\"; expected api, transaction or client");
}

PayloadShape shape_from(const std::string& word) {
  if (word == "nested") return PayloadShape::nested;
  if (word == "flat") return PayloadShape::flat;
  throw py::value_error("shape: found \"" + word + "\"; expected nested or flat");
}

std::shared_ptr<NativeTracker> make_tracker(std::shared_ptr<NativeClient> client,
                                            const std::string& shape) {
  return std::make_shared<NativeTracker>(std::move(client), shape_from(shape));
}

// The tracker's client is there for as long as the provider is.
FlagProviderPtr make_tracking_provider(const FlagProviderPtr& flags,
                                       const std::shared_ptr<NativeTracker>& tracker,
                                       std::shared_ptr<Simulation> simulation) {
  struct Held {
    std::shared_ptr<NativeClient> client;
    std::shared_ptr<Simulation> simulation;
  };
  auto made = std::make_unique<openfeature::TrackingProvider>(flags->provider, tracker->tracker());
  auto world = std::make_shared<Held>(Held{tracker->client(), simulation});
  return std::make_shared<FlagProvider>(
      FlagProvider{held(std::move(made), std::move(world)), std::move(simulation)});
}

}  // namespace

void bind_tracker(py::module_& module) {
  py::class_<NativeTracker, std::shared_ptr<NativeTracker>>(module, "Tracker")
      .def(py::init(&make_tracker), py::arg("client"), py::arg("shape"))
      .def("set_context",
           [](NativeTracker& self, const std::string& level, const EvaluationContext& context) {
             self.set_context(level_from(level), context);
           })
      .def("track",
           [](NativeTracker& self, const std::string& name, const EvaluationContext& context,
              const py::object& value, const py::object& fields) {
             return to_python(self.track(name, context, details_from(value, fields)));
           });
  module.def("tracking_provider", &make_tracking_provider, py::arg("flags"), py::arg("tracker"),
             py::arg("simulation"));
}

}  // namespace lockstep::python
