// Tracking as OpenFeature's specification has it (section 6): what a user did, together with the
// evaluation context, for whoever asks later what a flag has changed.
//
//   lockstep::Client client({.api_key = "...", .host = "https://events.eu.confidence.dev",
//                            .capture = lockstep::Capture::confidence});
//   openfeature::Tracker tracker(client);
//   tracker.track("checkout", openfeature::EvaluationContext("user-1"), {.value = 99.5});
//
// Delivery is the client's: an event leaves memory when the service has confirmed it. With any
// other protocol the payload becomes the event's properties.
#pragma once

#include <cstdint>
#include <mutex>
#include <string_view>

#include "openfeature/context.h"
#include "openfeature/tracking.h"
#include "sdk/client.h"

namespace lockstep::openfeature {

// How context and details share a payload.
enum class PayloadShape : std::uint8_t {
  nested,  // {...details, "value", "context": {"targeting_key", ...context}}; as Confidence's SDKs
  flat,    // {"targeting_key", ...context, ...details, "value"}; details win
};

// The contexts that stand behind every call, the weakest first.
enum class ContextLevel : std::uint8_t { api, transaction, client };
struct ContextLevels {
  EvaluationContext api{};
  EvaluationContext transaction{};
  EvaluationContext client{};

  // API < transaction < client < invocation: what is further right wins.
  EvaluationContext merged(const EvaluationContext& invocation) const;
};

// Thread-safe.
class Tracker {
 public:
  // The client must outlive the tracker.
  explicit Tracker(::lockstep::Client& client, PayloadShape shape = PayloadShape::nested)
      : client_(client), shape_(shape) {}

  // What stands behind the context of every call from now on.
  void set_context(ContextLevel level, EvaluationContext context);

  // Tracks an event at this instant. The contexts merge as API < transaction < client < invocation.
  // Refused (Admission::invalid) are an empty name, a value that is not finite, and, in the nested
  // shape, a field "context". Without a targeting key the event is nobody's. Never throws, never
  // waits unless the client's options say so.
  CaptureResult track(std::string_view name, const EvaluationContext& invocation = {},
                      const TrackingEventDetails& details = {}) noexcept;
  // As the client's: sends what was captured, and waits for the outcomes until `timeout` has
  // passed.
  FlushReport flush(Duration timeout) noexcept { return client_.flush(timeout); }

 private:
  EvaluationContext merged(const EvaluationContext& invocation) const;

  ::lockstep::Client& client_;
  const PayloadShape shape_;
  mutable std::mutex mutex_;
  ContextLevels levels_;  // guarded by mutex_
};

}  // namespace lockstep::openfeature
