// Flag providers and the tracker as Python holds them: in a simulation, or in the real world.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "client.h"
#include "openfeature/provider.h"
#include "openfeature/tracker.h"
#include "pybind.h"
#include "simulation.h"

namespace lockstep::python {

// A provider, and where it lives.
struct FlagProvider {
  std::shared_ptr<openfeature::Provider> provider;
  std::shared_ptr<Simulation> simulation;  // nullptr: the real world, or no requests at all
};
using FlagProviderPtr = std::shared_ptr<FlagProvider>;

// A tracker over a client, whose native part it keeps alive. In a forked child it goes on over the
// client that the child has.
class NativeTracker {
 public:
  NativeTracker(std::shared_ptr<NativeClient> client, openfeature::PayloadShape shape)
      : client_(std::move(client)), shape_(shape) {}

  void set_context(openfeature::ContextLevel level, const openfeature::EvaluationContext& context);
  CaptureResult track(const std::string& name, const openfeature::EvaluationContext& context,
                      const openfeature::TrackingEventDetails& details);

  // Over the client of this process.
  std::shared_ptr<openfeature::Tracker> tracker();
  const std::shared_ptr<NativeClient>& client() const noexcept { return client_; }

 private:
  const std::shared_ptr<NativeClient> client_;
  const openfeature::PayloadShape shape_;
  std::map<openfeature::ContextLevel, openfeature::EvaluationContext> contexts_;
  const Client* over_ = nullptr;
  std::shared_ptr<openfeature::Tracker> tracker_;
};

// Each adds its classes and functions to the module.
void bind_tracker(py::module_& module);
void bind_providers(py::module_& module);

}  // namespace lockstep::python
