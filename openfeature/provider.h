// A provider: what knows the values of flags. Backends are in providers/; tests and programs may
// bring their own, MemoryProvider (memory_provider.h) among them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "openfeature/context.h"
#include "openfeature/evaluation.h"

namespace lockstep::openfeature {

class Hook;
struct TrackingEventDetails;

enum class ProviderStatus : std::uint8_t { not_ready, ready, error, stale, fatal };
// "NOT_READY", "READY", ...
std::string_view to_string(ProviderStatus status) noexcept;

enum class ProviderEventType : std::uint8_t { ready, error, configuration_changed, stale };
// "PROVIDER_READY", "PROVIDER_ERROR", ...
std::string_view to_string(ProviderEventType type) noexcept;

struct ProviderEvent {
  ProviderEventType type = ProviderEventType::ready;
  std::string provider_name{};
  std::string message{};                     // of an error or of staleness: what is the matter
  std::optional<ErrorCode> error_code{};     // of an error; provider_fatal: it will not recover
  std::vector<std::string> flags_changed{};  // of a change, where the provider knows
};

// Thread-safe, and so must be what derives from it.
class Provider {
 public:
  using Observer = std::function<void(const ProviderEvent&)>;

  virtual ~Provider() = default;

  virtual std::string_view name() const noexcept = 0;

  // Resolves one flag for the context. What is unknown to the backend is an answer, not an
  // exception; a provider that throws all the same is reported as GENERAL. May wait for a backend,
  // for as long as its options say.
  virtual Resolution evaluate(std::string_view key, FlagType type,
                              const EvaluationContext& context) = 0;
  // Resolves several, answers in the order of the questions. One that fails leaves the others
  // alone. The default asks one by one.
  virtual std::vector<Resolution> evaluate_batch(std::span<const FlagQuery> queries,
                                                 const EvaluationContext& context);
  // Reads again what values are made from; false when that failed and the old ones stay.
  virtual bool refresh() { return true; }
  // Tells what a user did; the context is merged. Must not wait. By default it goes nowhere;
  // TrackingProvider (tracking_provider.h) sends it.
  virtual void track(std::string_view /*event*/, const EvaluationContext& /*context*/,
                     const TrackingEventDetails& /*details*/) {}
  // Whether evaluations can be relied on now.
  bool is_healthy() const { return status() == ProviderStatus::ready; }

  // Run in each evaluation, closest to the provider.
  virtual std::vector<std::shared_ptr<Hook>> hooks() const { return {}; }

  ProviderStatus status() const;
  // Calls initialize(); what that throws becomes a PROVIDER_ERROR. Nothing where it has happened
  // already and no stop() since.
  void start(const EvaluationContext& context) noexcept;
  // Calls shutdown(); afterwards NOT_READY. Idempotent.
  void stop() noexcept;

  // Calls `observer` with each event from now on, on the thread that causes it, until the number
  // returned is given to ignore(). It must not throw.
  std::uint64_t observe(Observer observer);
  void ignore(std::uint64_t observer);

 protected:
  // Makes it ready, and says so by an event before it returns: PROVIDER_READY, or PROVIDER_ERROR.
  // `context` is that of the whole program. By default it is ready at once.
  virtual void initialize(const EvaluationContext& context);
  // Ends what goes on in the background.
  virtual void shutdown() {}

  // Reports an event, from which status() follows. No lock of the provider may be held that
  // evaluate() takes.
  void emit(ProviderEvent event);

 private:
  mutable std::mutex mutex_;  // guards what follows
  ProviderStatus status_ = ProviderStatus::not_ready;
  bool started_ = false;
  std::map<std::uint64_t, Observer> observers_;
  std::uint64_t next_observer_ = 1;
};

}  // namespace lockstep::openfeature
