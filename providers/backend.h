// A backend as a strategy: which requests ask for flags, and what their answers say. No I/O and no
// state; Remote (remote.h) sends, remembers and judges when to ask again.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "openfeature/context.h"
#include "openfeature/evaluation.h"

namespace lockstep::providers {

// What a backend said of one flag.
struct RemoteFlag {
  openfeature::Resolution resolution{};
  // Where on and off stand beside the value.
  std::optional<bool> enabled{};
  std::optional<openfeature::Value> payload{};
  // The backend could not compute it this time: what was known before stays, and the resolution, an
  // error, is for whoever knows nothing.
  bool failed = false;
  bool operator==(const RemoteFlag&) const = default;
};

// One request, and what it asks.
struct Ask {
  http::Request request;
  std::vector<openfeature::FlagQuery> queries;
  // Its answer tells of every flag that the context has: what it leaves out is not there.
  bool whole = false;
};

// Whether an error is about the context of the question, rather than about a flag or the backend.
constexpr bool is_of_context(openfeature::ErrorCode code) noexcept {
  return code == openfeature::ErrorCode::targeting_key_missing ||
         code == openfeature::ErrorCode::invalid_context;
}

struct Reading {
  // Empty: the backend has answered. Otherwise why there is nothing to be had from this answer.
  std::string problem{};
  // Of the problem. An error of the context is told, whatever is known; any other is an outage.
  openfeature::ErrorCode code = openfeature::ErrorCode::general;
  std::map<std::string, RemoteFlag, std::less<>> flags{};  // by slot
};

class Backend {
 public:
  virtual ~Backend() = default;

  virtual std::string_view name() const noexcept = 0;

  // Why no flag can be asked for this context at all.
  virtual std::optional<openfeature::Resolution> refuse(
      const openfeature::EvaluationContext&) const {
    return std::nullopt;
  }

  // What a flag is remembered under; different where one key names several things.
  virtual std::string slot(const openfeature::FlagQuery& query) const { return query.key; }

  // The requests that ask for all of them. `background`: nobody is evaluating, what is known is
  // only brought up to date.
  virtual std::vector<Ask> encode(std::span<const openfeature::FlagQuery> queries,
                                  const openfeature::EvaluationContext& context,
                                  bool background) const = 0;

  // Any status but 304, 401, 403 and 429, which mean the same everywhere.
  virtual Reading read(const Ask& ask, const http::Response& response) const = 0;

  // The answer to the question. nullptr: the backend has answered and did not name the flag.
  virtual openfeature::Resolution resolve(const RemoteFlag* flag,
                                          const openfeature::FlagQuery& query) const;
};

// Where a backend is, and what goes on each request to it.
struct Endpoint {
  http::Url base;
  std::vector<http::Header> headers;

  // `path` begins with a slash and follows the base's.
  http::Request request(std::string method, const std::string& path) const;
  // A POST of JSON.
  http::Request post(const std::string& path, const openfeature::Value& body) const;
};

// The structure in an answer's body; nothing when it is no JSON object.
std::optional<openfeature::Structure> read_object(const http::Response& response);
// The member of that name; nullptr where there is none, or it is null.
const openfeature::Value* member(const openfeature::Structure& object, std::string_view name);
// The string of that name; empty where there is none.
std::string text_member(const openfeature::Structure& object, std::string_view name);
// A string as it is, anything else as JSON.
std::string as_text(const openfeature::Value& value);

// For paths and queries (RFC 3986): everything but the unreserved characters is encoded.
std::string percent_encoded(std::string_view text);

}  // namespace lockstep::providers
