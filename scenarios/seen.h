// What a scenario's assertions look at: the requests the mock server saw, as values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "clock/uuid.h"
#include "http/handler.h"
#include "http/message.h"

namespace lockstep::mock {
struct FlagQuestion;
}  // namespace lockstep::mock

namespace lockstep::scenario {

// An event of a capture request, as far as one request is compared with another.
struct SeenEvent {
  Uuid uuid;                  // its id in its protocol's form; nil: none that is a UUID
  std::uint64_t content = 0;  // digest of its bytes
};

struct Seen {
  std::size_t number = 0;          // from 1, among all requests of the scenario
  Instant at{};                    // of arrival
  std::string client;              // whose X-Test-Id it carried; empty: none
  std::string sent_as;             // the client's own number for it; empty: none that is known
  http::Request request;           // as it came, the body perhaps compressed
  http::Reply reply;               // what the mock answered, and how the answer travels
  std::string decoded;             // the body; empty where it cannot be decoded
  std::optional<WallTime> left{};  // the wall clock when it left; nothing: not known
  bool times_have_offsets = true;  // all timestamps of its events say which
  bool is_historical = false;      // that it says "historical_migration": true
  std::vector<SeenEvent> parts;    // what events() holds
  std::shared_ptr<const mock::FlagQuestion> question;  // of a flag provider; nullptr: of no such
  std::size_t attempt = 1;  // how many requests so far carried its first event, this one included

  // The body as a value, built when it is first asked for; null where it is not JSON.
  const nlohmann::json& body() const;
  // The events of a capture request in batch order; an empty list for any other.
  const nlohmann::json& events() const;
  bool is_flags() const;
  bool is_confidence() const;
  // "#3  1.203s  POST /batch/  503 Retry-After: 2  attempt 2  5 events".
  std::string to_text() const;

 private:
  mutable std::shared_ptr<const nlohmann::json> body_;
};

// A time as scenarios write it: since the start of the scenario.
std::string to_text(Instant at);

// The event's id in the form of its protocol: uuid, messageId, or payload.event_id; "" where it has
// none.
std::string uuid_of(const nlohmann::json& event);
// That of each event of the request.
std::vector<std::string> uuids_of(const Seen& seen);

}  // namespace lockstep::scenario
