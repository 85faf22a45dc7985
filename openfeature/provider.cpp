#include "openfeature/provider.h"

#include <array>
#include <exception>

namespace lockstep::openfeature {

namespace {

ProviderStatus status_after(const ProviderEvent& event, ProviderStatus before) {
  switch (event.type) {
    case ProviderEventType::ready:
      return ProviderStatus::ready;
    case ProviderEventType::stale:
      return ProviderStatus::stale;
    case ProviderEventType::error:
      return event.error_code == ErrorCode::provider_fatal ? ProviderStatus::fatal
                                                           : ProviderStatus::error;
    case ProviderEventType::configuration_changed:
      return before;
  }
  return before;
}

}  // namespace

std::string_view to_string(ProviderStatus status) noexcept {
  constexpr std::array<std::string_view, 5> kNames{"NOT_READY", "READY", "ERROR", "STALE", "FATAL"};
  return kNames[static_cast<std::size_t>(status)];
}

std::string_view to_string(ProviderEventType type) noexcept {
  constexpr std::array<std::string_view, 4> kNames{
      "PROVIDER_READY", "PROVIDER_ERROR", "PROVIDER_CONFIGURATION_CHANGED", "PROVIDER_STALE"};
  return kNames[static_cast<std::size_t>(type)];
}

std::vector<Resolution> Provider::evaluate_batch(std::span<const FlagQuery> queries,
                                                 const EvaluationContext& context) {
  std::vector<Resolution> answers;
  answers.reserve(queries.size());
  for (const FlagQuery& query : queries) {
    try {
      answers.push_back(evaluate(query.key, query.type, context));
    } catch (const std::exception& problem) {
      answers.push_back(Resolution::failure(ErrorCode::general, problem.what()));
    }
  }
  return answers;
}

ProviderStatus Provider::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void Provider::start(const EvaluationContext& context) noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (started_) return;
    started_ = true;
  }
  ProviderEvent failed;
  failed.type = ProviderEventType::error;
  failed.error_code = ErrorCode::general;
  try {
    initialize(context);
    return;
  } catch (const std::exception& problem) {
    failed.message = problem.what();
  } catch (...) {
    failed.message = "initialize() threw";
  }
  emit(std::move(failed));
}

void Provider::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (!started_) return;
    started_ = false;
    status_ = ProviderStatus::not_ready;
  }
  try {
    shutdown();
  } catch (...) {
    // It has ended, badly; there is nobody to tell.
  }
}

std::uint64_t Provider::observe(Observer observer) {
  const std::lock_guard lock(mutex_);
  observers_.emplace(next_observer_, std::move(observer));
  return next_observer_++;
}

void Provider::ignore(std::uint64_t observer) {
  const std::lock_guard lock(mutex_);
  observers_.erase(observer);
}

void Provider::initialize(const EvaluationContext&) { emit({ProviderEventType::ready}); }

void Provider::emit(ProviderEvent event) {
  event.provider_name = name();
  std::map<std::uint64_t, Observer> observers;
  {
    const std::lock_guard lock(mutex_);
    status_ = status_after(event, status_);
    observers = observers_;
  }
  for (const auto& [number, observer] : observers) observer(event);
}

}  // namespace lockstep::openfeature
