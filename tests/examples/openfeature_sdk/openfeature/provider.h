// As much of the provider interface of OpenFeature's C++ SDK, and of Abseil's statuses, as the
// adapter in examples/openfeature_sdk uses, so that it is compiled and driven without them. Only
// names and signatures are the SDK's. Its enumerations stand in another order here on purpose: the
// adapter must go by their names.
#pragma once

#include <any>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace absl {

class Status {
 public:
  Status() = default;
  explicit Status(std::string problem) : problem_(std::move(problem)) {}
  bool ok() const { return problem_.empty(); }
  const std::string& message() const { return problem_; }

 private:
  std::string problem_;
};
inline Status OkStatus() { return {}; }
inline Status UnavailableError(std::string problem) { return Status(std::move(problem)); }

template <typename T>
class StatusOr {
 public:
  template <typename U>
  StatusOr(U&& value) : value_(std::forward<U>(value)) {}
  const T& operator*() const& { return value_; }
  T operator*() && { return std::move(value_); }

 private:
  T value_;
};

}  // namespace absl

namespace openfeature {

enum class Reason {
  kError,
  kStale,
  kUnknown,
  kDisabled,
  kCached,
  kSplit,
  kTargetingMatch,
  kDefault,
  kStatic
};

enum class ErrorCode {
  kGeneral,
  kProviderFatal,
  kInvalidContext,
  kTargetingKeyMissing,
  kTypeMismatch,
  kParseError,
  kFlagNotFound,
  kProviderNotReady
};

struct Metadata {
  std::string name;
};

struct FlagMetadata {
  std::map<std::string, std::variant<bool, std::string, double, std::int64_t>> data;
};

class Value {
 public:
  using Time = std::chrono::system_clock::time_point;
  using List = std::vector<Value>;
  using Structure = std::map<std::string, Value>;

  Value() = default;
  template <typename T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, Value>) Value(T&& value)
      : held_(std::forward<T>(value)) {}

  std::optional<bool> AsBool() const { return copy<bool>(); }
  std::optional<std::string> AsString() const { return copy<std::string>(); }
  std::optional<Time> AsDateTime() const { return copy<Time>(); }
  // Each kind of number can be read as the other one.
  std::optional<std::int64_t> AsInt() const { return number<std::int64_t, double>(); }
  std::optional<double> AsDouble() const { return number<double, std::int64_t>(); }
  const Structure* AsStructure() const { return std::any_cast<Structure>(&held_); }
  const List* AsList() const { return std::any_cast<List>(&held_); }

 private:
  template <typename T>
  std::optional<T> copy() const {
    const T* found = std::any_cast<T>(&held_);
    return found == nullptr ? std::nullopt : std::optional<T>(*found);
  }
  template <typename T, typename Other>
  std::optional<T> number() const {
    if (const auto* other = std::any_cast<Other>(&held_)) return static_cast<T>(*other);
    return copy<T>();
  }
  std::any held_;
};

class EvaluationContext {
 public:
  EvaluationContext(std::optional<std::string> key, std::map<std::string, std::any> attributes)
      : key_(std::move(key)), attributes_(std::move(attributes)) {}
  std::optional<std::string_view> GetTargetingKey() const { return key_; }
  const std::map<std::string, std::any>& GetAttributes() const { return attributes_; }

 private:
  std::optional<std::string> key_;
  std::map<std::string, std::any> attributes_;
};

template <typename T>
class ResolutionDetails {
 public:
  ResolutionDetails(T value, Reason reason, std::optional<std::string> variant,
                    FlagMetadata metadata, std::optional<ErrorCode> code,
                    std::optional<std::string> message)
      : value_(std::move(value)),
        reason_(reason),
        variant_(std::move(variant)),
        metadata_(std::move(metadata)),
        code_(code),
        message_(std::move(message)) {}

  T GetValue() const { return value_; }
  Reason GetReason() const { return reason_; }
  std::optional<std::string> GetVariant() const { return variant_; }
  const FlagMetadata& GetFlagMetadata() const { return metadata_; }
  std::optional<ErrorCode> GetErrorCode() const { return code_; }
  std::optional<std::string> GetErrorMessage() const { return message_; }

 private:
  T value_;
  Reason reason_;
  std::optional<std::string> variant_;
  FlagMetadata metadata_;
  std::optional<ErrorCode> code_;
  std::optional<std::string> message_;
};

using BoolResolutionDetails = ResolutionDetails<bool>;
using StringResolutionDetails = ResolutionDetails<std::string>;
using IntResolutionDetails = ResolutionDetails<std::int64_t>;
using DoubleResolutionDetails = ResolutionDetails<double>;
using ObjectResolutionDetails = ResolutionDetails<Value>;

class FeatureProvider {
 public:
  template <typename T>
  using Answer = absl::StatusOr<std::unique_ptr<ResolutionDetails<T>>>;

  virtual ~FeatureProvider() = default;
  virtual Metadata GetMetadata() const = 0;
  virtual Answer<bool> GetBooleanEvaluation(std::string_view flag, bool default_value,
                                            const EvaluationContext& context) = 0;
  virtual Answer<std::string> GetStringEvaluation(std::string_view flag,
                                                  std::string_view default_value,
                                                  const EvaluationContext& context) = 0;
  virtual Answer<std::int64_t> GetIntegerEvaluation(std::string_view flag,
                                                    std::int64_t default_value,
                                                    const EvaluationContext& context) = 0;
  virtual Answer<double> GetDoubleEvaluation(std::string_view flag, double default_value,
                                             const EvaluationContext& context) = 0;
  virtual Answer<Value> GetObjectEvaluation(std::string_view flag, Value default_value,
                                            const EvaluationContext& context) = 0;
  virtual absl::Status Init(const EvaluationContext& context) = 0;
  virtual absl::Status Shutdown() = 0;
};

}  // namespace openfeature
