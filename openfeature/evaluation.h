// What comes out of asking for a flag: OpenFeature's reasons, error codes and details.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openfeature/value.h"

namespace lockstep::openfeature {

// Of which type a flag is asked for. An object is a structure or a list.
enum class FlagType : std::uint8_t { boolean, string, integer, number, object };
// "boolean", "string", ...
std::string_view to_string(FlagType type) noexcept;
// Whether a value is of the type. A whole number is also a floating-point one, because JSON servers
// write 1 for 1.0; the reverse does not hold.
bool fits(const Value& value, FlagType type) noexcept;

enum class ErrorCode : std::uint8_t {
  provider_not_ready,
  flag_not_found,
  parse_error,
  type_mismatch,
  targeting_key_missing,
  invalid_context,
  provider_fatal,
  general,
};
// In the order of the enumeration, as OpenFeature writes them.
inline constexpr std::array<std::string_view, 8> kErrorCodeNames{
    "PROVIDER_NOT_READY",    "FLAG_NOT_FOUND",  "PARSE_ERROR",    "TYPE_MISMATCH",
    "TARGETING_KEY_MISSING", "INVALID_CONTEXT", "PROVIDER_FATAL", "GENERAL"};
std::string_view to_string(ErrorCode code) noexcept;
std::optional<ErrorCode> parse_error_code(std::string_view name) noexcept;

// Why a value is what it is. A backend may have reasons of its own.
namespace reason {
inline constexpr std::string_view kStatic = "STATIC";    // no dynamic evaluation
inline constexpr std::string_view kDefault = "DEFAULT";  // evaluation came to no result
inline constexpr std::string_view kTargetingMatch = "TARGETING_MATCH";
inline constexpr std::string_view kSplit = "SPLIT";  // a pseudorandom assignment
inline constexpr std::string_view kCached = "CACHED";
inline constexpr std::string_view kDisabled = "DISABLED";
inline constexpr std::string_view kUnknown = "UNKNOWN";
inline constexpr std::string_view kStale = "STALE";  // of before an outage
inline constexpr std::string_view kError = "ERROR";
}  // namespace reason

// Booleans, strings and numbers that a backend says of a flag.
using FlagMetadata = Structure;

// A provider's answer.
struct Resolution {
  // Nothing: the caller's default stands, because of `error_code`, or because the backend has no
  // value for this flag and subject, which is no error.
  std::optional<Value> value{};
  std::optional<std::string> variant{};
  std::string reason{};
  std::optional<ErrorCode> error_code{};
  std::string error_message{};  // for people; holds no credential
  FlagMetadata metadata{};

  static Resolution failure(ErrorCode code, std::string message);
  bool operator==(const Resolution&) const = default;
};

// What the caller gets. Where there was an error, `value` is his default, `reason` is ERROR and
// there is no variant.
template <typename T>
struct EvaluationDetails {
  std::string flag_key{};
  T value{};
  std::optional<std::string> variant{};
  std::string reason{};
  std::optional<ErrorCode> error_code{};
  std::string error_message{};
  FlagMetadata metadata{};
};

// One of the questions of a batch.
struct FlagQuery {
  std::string key;
  FlagType type = FlagType::boolean;
};

}  // namespace lockstep::openfeature
