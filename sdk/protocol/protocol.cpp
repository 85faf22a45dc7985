#include "sdk/protocol/protocol.h"

#include <algorithm>
#include <exception>

#include "sdk/protocol/common.h"
#include "sdk/protocol/registry.h"

namespace lockstep {

// Property lists are short and written by hand: a plain scan beats anything that allocates.
bool PropertyList::shadowed(std::size_t i) const {
  if (owned_ != nullptr) return false;  // Properties keeps its names unique
  for (std::size_t later = i + 1; later < borrowed_.size(); ++later) {
    if (borrowed_[later].name == borrowed_[i].name) return true;
  }
  return false;
}

bool PropertyList::has(std::string_view wanted) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (name(i) == wanted) return true;
  }
  return false;
}

bool PropertyList::valid() const {
  return std::all_of(borrowed_.begin(), borrowed_.end(), [](const Property& property) {
    return property.value.kind() != Value::Kind::json || is_json(property.value.text());
  });
}

ProtocolConfig protocol_config(const Options& options) {
  ProtocolConfig config;
  config.api_key = options.api_key;
  config.host = http::Url::parse(options.host).value_or(http::Url{});
  config.headers = options.headers;
  config.event_id_field = options.event_id_field;
  const auto add = [&](std::string_view name, const Value& value) {
    JsonWriter json;
    json.value(value);
    config.added_properties.emplace_back(name, json.text());
  };
  const Properties& own = options.super_properties;
  const auto add_default = [&](std::string_view name, const Value& value) {
    if (!own.has(name)) add(name, value);
  };
  if (traits_of(options.capture).is_posthog) {
    add_default("$lib", protocol::kLibraryName);
    add_default("$lib_version", protocol::kLibraryVersion);
    if (options.is_server) add_default("$is_server", true);
    if (options.disable_geoip) add_default("$geoip_disable", true);
  }
  for (std::size_t i = 0; i < own.size(); ++i) {
    config.added_properties.emplace_back(own.at(i).first, own.at(i).second);
  }
  return config;
}

engine::Verdict transport_verdict(const http::TransportError& error) {
  engine::Verdict verdict;
  verdict.kind = engine::Verdict::Kind::retry;
  verdict.endpoint_trouble = true;
  verdict.detail = std::string(http::to_string(error.kind));
  if (!error.detail.empty()) verdict.detail += ": " + error.detail;
  return verdict;
}

engine::Verdict interpret_or_retry(const Protocol& protocol, const engine::Batch& batch,
                                   const http::Response& response, WallTime now) try {
  return protocol.interpret(batch, response, now);
} catch (const std::exception& problem) {
  return transport_verdict({http::TransportErrorKind::malformed, problem.what()});
}

}  // namespace lockstep
