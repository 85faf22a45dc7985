// Reads the members of a JSON object by name, with errors that name the member.
//
// The rule: every reader says which members it knows by asking for them, and refuse_others() then
// catches the misspelt one. A member that is null counts as absent, because the suite sends null
// for what a test did not set.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"

namespace lockstep::adapter {

// A request that cannot be served as it stands. The message never quotes a value of the request,
// which might be a secret; it says what was expected and what kind of thing was found.
class BadRequest : public std::runtime_error {
 public:
  BadRequest(std::string field, const std::string& problem)
      : std::runtime_error(field + ": " + problem), field_(std::move(field)) {}
  // The member at fault, with its path ("options.cookieless_mode"), or "body", or "test_id".
  const std::string& field() const noexcept { return field_; }

 private:
  std::string field_;
};

// Parses a request body that must be one JSON object of bounded depth. An empty body is an empty
// object where `may_be_empty`. Throws BadRequest("body").
nlohmann::json parse_object(std::string_view body, bool may_be_empty = false);

// Borrows the object; not thread-safe. All readers throw BadRequest for a member of another type.
class Fields {
 public:
  // `path` stands before the names in errors: "" or "options.". Throws BadRequest when `object` is
  // not an object.
  explicit Fields(const nlohmann::json& object, std::string path = {});

  // nullptr when the member is absent or null.
  const nlohmann::json* find(std::string_view name);
  // The same, and it must be an object.
  const nlohmann::json* object(std::string_view name);

  std::string required_text(std::string_view name);
  std::optional<std::string> text(std::string_view name);
  std::optional<bool> boolean(std::string_view name);
  // A whole number from 0 to `most`.
  std::optional<std::uint64_t> natural(std::string_view name, std::uint64_t most);
  // A whole number of milliseconds, 0 or more, that fits a Duration.
  std::optional<Duration> milliseconds(std::string_view name);

  // Throws BadRequest for the first member, in the order of names, that nobody asked for.
  void refuse_others() const;

  // Reports the member as wrong.
  [[noreturn]] void refuse(std::string_view name, const std::string& problem) const;

 private:
  [[noreturn]] void refuse_type(std::string_view name, std::string_view expected,
                                const nlohmann::json& found) const;

  const nlohmann::json& object_;
  std::string path_;
  std::vector<const nlohmann::json*> known_;  // members that were asked for
};

}  // namespace lockstep::adapter
