// Any of Lockstep's flag providers as a provider of OpenFeature's own C++ SDK
// (github.com/open-feature/cpp-sdk), whose headers and Abseil's must be on the include path.
//
//   openfeature::OpenFeatureAPI::GetInstance().SetProvider(
//       std::make_shared<lockstep::openfeature_sdk::Provider>(
//           std::make_shared<lockstep::providers::Ofrep>(options)));
//
// Thread-safe. Types are checked as openfeature/client.h does; where anything fails, the details
// hold the caller's default, the reason ERROR and the error's code, and the status is OK.
#pragma once

#include <lockstep/openfeature/client.h>
#include <openfeature/provider.h>

#include <any>
#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep::openfeature_sdk {

namespace own = ::lockstep::openfeature;
namespace sdk = ::openfeature;

inline own::Value to_own(const sdk::Value& value) {
  if (const auto flag = value.AsBool()) return *flag;
  if (auto text = value.AsString()) return std::move(*text);
  if (const auto time = value.AsDateTime()) {
    return WallTime(std::chrono::duration_cast<Duration>(time->time_since_epoch()));
  }
  if (const auto* list = value.AsList()) {
    own::List items;
    for (const sdk::Value& item : *list) items.push_back(to_own(item));
    return items;
  }
  if (const auto* members = value.AsStructure()) {
    own::Structure structure;
    for (const auto& [name, member] : *members) structure.emplace(name, to_own(member));
    return structure;
  }
  // Each kind of number can be read as the other one there; a whole one is an integer here.
  const auto number = value.AsDouble();
  const auto integer = value.AsInt();
  if (integer && (!number || static_cast<double>(*integer) == *number)) return *integer;
  if (number) return *number;
  return {};
}

inline sdk::Value to_sdk(const own::Value& value) {
  if (const auto flag = value.as_boolean()) return sdk::Value(*flag);
  if (const auto integer = value.as_integer()) return sdk::Value(*integer);
  if (const auto number = value.as_number()) return sdk::Value(*number);
  if (const std::string* text = value.as_string()) return sdk::Value(*text);
  if (const auto time = value.as_datetime()) {
    return sdk::Value(std::chrono::system_clock::time_point(
        std::chrono::duration_cast<std::chrono::system_clock::duration>(time->time_since_epoch())));
  }
  if (const own::List* list = value.as_list()) {
    std::vector<sdk::Value> items;
    items.reserve(list->size());
    for (const own::Value& item : *list) items.push_back(to_sdk(item));
    return sdk::Value(items);
  }
  if (const own::Structure* structure = value.as_structure()) {
    std::map<std::string, sdk::Value> members;
    for (const auto& [name, member] : *structure) members.emplace(name, to_sdk(member));
    return sdk::Value(members);
  }
  return {};
}

// An attribute of a context; null for a type that no flag service knows.
inline own::Value to_own(const std::any& attribute) {
  if (const auto* flag = std::any_cast<bool>(&attribute)) return *flag;
  if (const auto* number = std::any_cast<int>(&attribute)) return *number;
  if (const auto* number = std::any_cast<std::int64_t>(&attribute)) return *number;
  if (const auto* number = std::any_cast<double>(&attribute)) return *number;
  if (const auto* text = std::any_cast<std::string>(&attribute)) return *text;
  if (const auto* text = std::any_cast<const char*>(&attribute)) return *text;
  if (const auto* value = std::any_cast<sdk::Value>(&attribute)) return to_own(*value);
  return {};
}

inline own::EvaluationContext to_own(const sdk::EvaluationContext& context) {
  own::EvaluationContext made(std::string(context.GetTargetingKey().value_or("")));
  for (const auto& [name, value] : context.GetAttributes()) made.set(name, to_own(value));
  return made;
}

// A reason of the backend's own is unknown to the SDK.
inline sdk::Reason to_sdk_reason(std::string_view reason) {
  constexpr std::array<std::pair<std::string_view, sdk::Reason>, 8> kReasons{{
      {own::reason::kStatic, sdk::Reason::kStatic},
      {own::reason::kDefault, sdk::Reason::kDefault},
      {own::reason::kTargetingMatch, sdk::Reason::kTargetingMatch},
      {own::reason::kSplit, sdk::Reason::kSplit},
      {own::reason::kCached, sdk::Reason::kCached},
      {own::reason::kDisabled, sdk::Reason::kDisabled},
      {own::reason::kStale, sdk::Reason::kStale},
      {own::reason::kError, sdk::Reason::kError},
  }};
  for (const auto& [name, theirs] : kReasons) {
    if (name == reason) return theirs;
  }
  return sdk::Reason::kUnknown;
}

// Theirs by name, ours by number: nothing here relies on the order of the SDK's enumeration.
inline sdk::ErrorCode to_sdk_code(own::ErrorCode code) {
  constexpr std::array<sdk::ErrorCode, 8> kCodes{
      sdk::ErrorCode::kProviderNotReady,    sdk::ErrorCode::kFlagNotFound,
      sdk::ErrorCode::kParseError,          sdk::ErrorCode::kTypeMismatch,
      sdk::ErrorCode::kTargetingKeyMissing, sdk::ErrorCode::kInvalidContext,
      sdk::ErrorCode::kProviderFatal,       sdk::ErrorCode::kGeneral};
  static_assert(static_cast<int>(own::ErrorCode::provider_not_ready) == 0);
  static_assert(static_cast<int>(own::ErrorCode::general) + 1 == kCodes.size());
  return kCodes[static_cast<std::size_t>(code)];
}

inline sdk::FlagMetadata to_sdk_metadata(const own::FlagMetadata& metadata) {
  sdk::FlagMetadata made;
  for (const auto& [name, value] : metadata) {
    if (const auto flag = value.as_boolean()) made.data.emplace(name, *flag);
    if (const auto integer = value.as_integer()) made.data.emplace(name, *integer);
    if (const auto number = value.as_number()) made.data.emplace(name, *number);
    if (const std::string* text = value.as_string()) made.data.emplace(name, *text);
  }
  return made;
}

class Provider final : public sdk::FeatureProvider {
 public:
  // The provider, which must not be null, starts with Init().
  explicit Provider(std::shared_ptr<own::Provider> provider) : provider_(std::move(provider)) {}

  sdk::Metadata GetMetadata() const override { return {std::string(provider_->name())}; }

  absl::StatusOr<std::unique_ptr<sdk::BoolResolutionDetails>> GetBooleanEvaluation(
      std::string_view flag, bool default_value, const sdk::EvaluationContext& ctx) override {
    auto details = client_.get_boolean_details(flag, default_value, to_own(ctx));
    return told(details, bool{details.value});
  }
  absl::StatusOr<std::unique_ptr<sdk::StringResolutionDetails>> GetStringEvaluation(
      std::string_view flag, std::string_view default_value,
      const sdk::EvaluationContext& ctx) override {
    auto details = client_.get_string_details(flag, std::string(default_value), to_own(ctx));
    return told(details, std::string(details.value));
  }
  absl::StatusOr<std::unique_ptr<sdk::IntResolutionDetails>> GetIntegerEvaluation(
      std::string_view flag, std::int64_t default_value,
      const sdk::EvaluationContext& ctx) override {
    auto details = client_.get_integer_details(flag, default_value, to_own(ctx));
    return told(details, std::int64_t{details.value});
  }
  absl::StatusOr<std::unique_ptr<sdk::DoubleResolutionDetails>> GetDoubleEvaluation(
      std::string_view flag, double default_value, const sdk::EvaluationContext& ctx) override {
    auto details = client_.get_double_details(flag, default_value, to_own(ctx));
    return told(details, double{details.value});
  }
  absl::StatusOr<std::unique_ptr<sdk::ObjectResolutionDetails>> GetObjectEvaluation(
      std::string_view flag, sdk::Value default_value, const sdk::EvaluationContext& ctx) override {
    auto details = client_.get_object_details(flag, to_own(default_value), to_own(ctx));
    return told(details, to_sdk(details.value));
  }

  absl::Status Init(const sdk::EvaluationContext& ctx) override {
    provider_->start(to_own(ctx));
    api_.set_provider(provider_);
    if (provider_->is_healthy()) return absl::OkStatus();
    return absl::UnavailableError(std::string(provider_->name()) + " is " +
                                  std::string(own::to_string(provider_->status())));
  }
  absl::Status Shutdown() override {
    provider_->stop();
    return absl::OkStatus();
  }

 private:
  template <typename Details, typename T>
  static std::unique_ptr<sdk::ResolutionDetails<T>> told(const Details& details, T value) {
    std::optional<sdk::ErrorCode> code;
    std::optional<std::string> message;
    if (details.error_code) {
      code = to_sdk_code(*details.error_code);
      message = details.error_message;
    }
    return std::make_unique<sdk::ResolutionDetails<T>>(
        std::move(value), to_sdk_reason(details.reason), details.variant,
        to_sdk_metadata(details.metadata), code, std::move(message));
  }

  std::shared_ptr<own::Provider> provider_;
  own::Api api_;  // without a provider until Init()
  own::Client client_ = api_.client();
};

}  // namespace lockstep::openfeature_sdk
