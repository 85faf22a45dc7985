#include "openfeature/evaluation.h"

#include <algorithm>

namespace lockstep::openfeature {

std::string_view to_string(FlagType type) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"boolean", "string", "integer", "number",
                                                   "object"};
  return kNames[static_cast<std::size_t>(type)];
}

bool fits(const Value& value, FlagType type) noexcept {
  switch (type) {
    case FlagType::boolean:
      return value.type() == ValueType::boolean;
    case FlagType::string:
      return value.type() == ValueType::string;
    case FlagType::integer:
      return value.type() == ValueType::integer;
    case FlagType::number:
      return value.as_any_number().has_value();
    case FlagType::object:
      return value.type() == ValueType::structure || value.type() == ValueType::list;
  }
  return false;
}

std::string_view to_string(ErrorCode code) noexcept {
  return kErrorCodeNames[static_cast<std::size_t>(code)];
}

std::optional<ErrorCode> parse_error_code(std::string_view name) noexcept {
  const auto found = std::find(kErrorCodeNames.begin(), kErrorCodeNames.end(), name);
  if (found == kErrorCodeNames.end()) return std::nullopt;
  return static_cast<ErrorCode>(found - kErrorCodeNames.begin());
}

Resolution Resolution::failure(ErrorCode code, std::string message) {
  Resolution failed;
  failed.reason = reason::kError;
  failed.error_code = code;
  failed.error_message = std::move(message);
  return failed;
}

}  // namespace lockstep::openfeature
