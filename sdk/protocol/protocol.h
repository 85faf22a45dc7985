// A protocol is a strategy: how an event is rendered, how a batch becomes a request, and what a
// response means for each event. The engine knows none of them by name.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clock/time.h"
#include "clock/uuid.h"
#include "http/message.h"
#include "sdk/engine/effects.h"
#include "sdk/engine/verdict.h"
#include "sdk/event.h"
#include "sdk/json/writer.h"
#include "sdk/options.h"

namespace lockstep {

// Properties from either of the two ways to hand them over.
class PropertyList {
 public:
  PropertyList(std::span<const Property> borrowed) noexcept : borrowed_(borrowed) {}
  PropertyList(const Properties& owned) noexcept : owned_(&owned) {}

  std::size_t size() const noexcept { return owned_ ? owned_->size() : borrowed_.size(); }
  std::string_view name(std::size_t i) const {
    return owned_ ? owned_->at(i).first : borrowed_[i].name;
  }
  void write_value(std::size_t i, JsonWriter& out) const {
    if (owned_) {
      out.raw(owned_->at(i).second);
    } else {
      out.value(borrowed_[i].value);
    }
  }
  // Whether a later property has the same name: the last one wins, and a JSON object must not name
  // a member twice.
  bool shadowed(std::size_t i) const;
  bool has(std::string_view name) const;
  // Whether every borrowed Json value is one JSON document (owned ones were checked when set).
  bool valid() const;

 private:
  const Properties* owned_ = nullptr;
  std::span<const Property> borrowed_;
};

// An event about to be rendered.
struct EventView {
  std::string_view name;
  std::string_view distinct_id;
  Uuid uuid;
  WallTime timestamp;
  PropertyList properties;
  const EventOptions* options = nullptr;  // nullptr: none
};

// What every attempt at a batch is made of.
struct BatchContext {
  const engine::Batch& batch;
  Uuid request_id;  // stable over the attempts at a batch
  Now now;          // of this attempt
};

class Protocol {
 public:
  virtual ~Protocol() = default;
  virtual std::string_view name() const noexcept = 0;

  // What render() returns of an event whose JSON does not carry its uuid.
  static constexpr std::size_t kNoUuid = std::string_view::npos;

  // Writes the event's JSON; returns where the 36 characters of its uuid start in it.
  virtual std::size_t render(const EventView& event, JsonWriter& out) const = 0;

  // The request for one attempt, its body not compressed.
  virtual http::Request encode(const BatchContext& context) const = 0;

  // What the response means. `now` dates a Retry-After.
  virtual engine::Verdict interpret(const engine::Batch& batch, const http::Response& response,
                                    WallTime now) const = 0;
};

// What protocols are made from.
struct ProtocolConfig {
  std::string api_key;
  http::Url host;
  std::vector<std::pair<std::string, std::string>> headers;
  // Properties added to every event, as name and JSON text.
  std::vector<std::pair<std::string, std::string>> added_properties;
  std::string event_id_field;  // see Options
};

ProtocolConfig protocol_config(const Options& options);

// POST /batch/
std::unique_ptr<Protocol> make_posthog_v0(ProtocolConfig config);
// POST /i/v1/analytics/events
std::unique_ptr<Protocol> make_posthog_v1(ProtocolConfig config);
// POST /e/
std::unique_ptr<Protocol> make_posthog_client(ProtocolConfig config);
// POST /v1/batch
std::unique_ptr<Protocol> make_segment(ProtocolConfig config);
// POST /v1/events:publish
std::unique_ptr<Protocol> make_confidence(ProtocolConfig config);
// Of these the one that is named.
std::unique_ptr<Protocol> make_protocol(Capture capture, ProtocolConfig config);
// POST /i/v0/ai/batch/
std::unique_ptr<Protocol> make_posthog_ai(ProtocolConfig config);

// The verdict on a request without a response: retried, the endpoint is in trouble.
engine::Verdict transport_verdict(const http::TransportError& error);
// interpret(); where it throws, out of memory most likely, it is as if the network had failed.
engine::Verdict interpret_or_retry(const Protocol& protocol, const engine::Batch& batch,
                                   const http::Response& response, WallTime now);

}  // namespace lockstep
