#include "providers/backend.h"

#include <utility>

namespace lockstep::providers {

using openfeature::Resolution;
using openfeature::Structure;
using openfeature::Value;

Resolution Backend::resolve(const RemoteFlag* flag, const openfeature::FlagQuery&) const {
  if (flag != nullptr) return flag->resolution;
  return Resolution::failure(openfeature::ErrorCode::flag_not_found,
                             "the backend has no such flag");
}

http::Request Endpoint::request(std::string method, const std::string& path) const {
  http::Request request;
  request.method = std::move(method);
  request.url = base;
  if (request.url.path.ends_with('/')) request.url.path.pop_back();
  request.url.path += path;
  for (const http::Header& header : headers) request.headers.set(header.name, header.value);
  return request;
}

http::Request Endpoint::post(const std::string& path, const Value& body) const {
  http::Request message = request("POST", path);
  message.headers.set("Content-Type", "application/json");
  message.body = to_json(body);
  return message;
}

std::optional<Structure> read_object(const http::Response& response) {
  auto document = openfeature::from_json(response.body);
  if (!document || document->as_structure() == nullptr) return std::nullopt;
  return *document->as_structure();
}

const Value* member(const Structure& object, std::string_view name) {
  const auto found = object.find(name);
  return found == object.end() || found->second.is_null() ? nullptr : &found->second;
}

std::string text_member(const Structure& object, std::string_view name) {
  const Value* value = member(object, name);
  return value != nullptr && value->as_string() != nullptr ? *value->as_string() : "";
}

std::string as_text(const Value& value) {
  return value.as_string() != nullptr ? *value.as_string() : to_json(value);
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
                            (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      encoded += c;
    } else {
      encoded += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return encoded;
}

}  // namespace lockstep::providers
