// What the contract's checks share: the request, event or header that a step is about, the tables
// of parameters that several have, and words for messages.
//
// The rule of this file: looking never fails hard. What is not there, or is not what Python could
// have looked into, comes back as the failure that the step then is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "scenarios/contract/action.h"
#include "scenarios/look.h"

namespace lockstep::contract {

using scenario::Complaint;
using scenario::counted;
using scenario::json_of;
using scenario::Node;
using scenario::Params;
using scenario::Type;
using scenario::unless;

inline constexpr Field kCount[] = {{"expected", Type::integer, true, "how many"}};
inline constexpr Field kField[] = {{"field", Type::text, true, "a member's name"}};
inline constexpr Field kToken[] = {{"expected", Type::text, true, "the token"}};

// Something that was looked for, or the failure that it is not there. Points into the context's
// requests: good until they are asked for again.
template <typename Value>
class Found {
 public:
  Found(const Value& value) : value_(&value) {}             // NOLINT(google-explicit-constructor)
  Found(Failure failure) : failure_(std::move(failure)) {}  // NOLINT(google-explicit-constructor)
  Found(Finding failure) : failure_(std::move(failure)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const noexcept { return value_ != nullptr; }
  const Value& operator*() const noexcept { return *value_; }
  const Value* operator->() const noexcept { return value_; }
  const Finding& failure() const noexcept { return failure_; }

 private:
  const Value* value_ = nullptr;
  Finding failure_;
};

// In all of these, `expected` is what the failure says was expected.

// From the end where the index is negative.
Found<Recorded> request_at(Context& context, std::int64_t index, const std::string& expected);
Found<Recorded> first_request(Context& context, const std::string& expected);
bool is_flags(const Recorded& request);

// Its body, or what the mock answered, as JSON of any kind.
Found<nlohmann::json> body_of(const Recorded& request, const std::string& expected);
Found<nlohmann::json> answer_of(const Recorded& request, const std::string& expected);

// The events of a request, at least one.
Found<nlohmann::json> events_of(const Recorded& request, const std::string& expected);
// The first event of a request, an object.
Found<nlohmann::json> first_event(Context& context, const std::string& expected,
                                  std::int64_t request_index = 0);
// Calls visit(place, event) for the events of a request, however many, until it returns a failure.
// An event that is not an object is a failure itself.
Finding each_event(const Recorded& request,
                   const std::function<Finding(std::size_t, const nlohmann::json&)>& visit);

// object.get(name): null where there is no such member.
const nlohmann::json& member(const nlohmann::json& object, const std::string& name);
// event.get("properties", {}), where it is an object.
Found<nlohmann::json> properties_of(const nlohmann::json& event, const std::string& expected);

// The value of a header, several of one name joined by commas; nothing where there is none.
std::optional<std::string> header_of(const http::Headers& headers, std::string_view name);
// "X-Name: value" or "no X-Name header"; a credential is not shown.
std::string header_text(const http::Headers& headers, std::string_view name);

// A failure unless they are equal. `what` is the subject: "the status".
Finding expect_equal(std::string_view what, const nlohmann::json& expected,
                     const nlohmann::json& seen);
// JSON for messages, cut where it is long.
std::string shown(const nlohmann::json& value);
// The name in quotes.
std::string in_quotes(std::string_view name);

}  // namespace lockstep::contract
