#include "openfeature/client.h"

#include <exception>
#include <mutex>

#include "openfeature/api_state.h"
#include "openfeature/hook_run.h"

namespace lockstep::openfeature {

namespace {

// Ends an evaluation with an error.
struct Failure : std::exception {
  Failure(ErrorCode a_code, std::string a_message) : code(a_code), message(std::move(a_message)) {}
  const char* what() const noexcept override { return message.c_str(); }
  ErrorCode code;
  std::string message;
};

EvaluationError describe(const std::exception_ptr& problem) {
  try {
    std::rethrow_exception(problem);
  } catch (const Failure& failure) {
    return {failure.code, failure.message};
  } catch (const std::exception& other) {
    return {ErrorCode::general, other.what()};
  } catch (...) {
    return {ErrorCode::general, "something was thrown that is no std::exception"};
  }
}

void require_usable(const Provider& provider) {
  if (provider.status() == ProviderStatus::not_ready) {
    throw Failure(ErrorCode::provider_not_ready, "the provider is not ready");
  }
  if (provider.status() == ProviderStatus::fatal) {
    throw Failure(ErrorCode::provider_fatal, "the provider has failed for good");
  }
}

EvaluationDetails<Value> details_of(std::string_view key, FlagType type, const Value& fallback,
                                    Resolution resolution) {
  if (resolution.error_code) {
    throw Failure(*resolution.error_code, std::move(resolution.error_message));
  }
  if (resolution.value && !fits(*resolution.value, type)) {
    throw Failure(ErrorCode::type_mismatch, "the flag is of type " +
                                                std::string(to_string(resolution.value->type())) +
                                                ", asked for as " + std::string(to_string(type)));
  }
  EvaluationDetails<Value> details;
  details.flag_key = key;
  details.variant = std::move(resolution.variant);
  details.reason = std::move(resolution.reason);
  if (details.reason.empty()) {
    details.reason = resolution.value ? reason::kUnknown : reason::kDefault;
  }
  if (resolution.value) {
    details.value = std::move(*resolution.value);
  } else {
    details.value = fallback;
  }
  details.metadata = std::move(resolution.metadata);
  return details;
}

EvaluationDetails<Value> failed_details(std::string_view key, const Value& fallback,
                                        const EvaluationError& error) {
  EvaluationDetails<Value> details;
  details.flag_key = key;
  details.value = fallback;
  details.reason = reason::kError;
  details.error_code = error.code;
  details.error_message = error.message;
  return details;
}

template <typename T>
EvaluationDetails<T> typed(EvaluationDetails<Value> from, T value) {
  return {std::move(from.flag_key), std::move(value), std::move(from.variant),
          std::move(from.reason),   from.error_code,  std::move(from.error_message),
          std::move(from.metadata)};
}

}  // namespace

struct Client::State {
  std::shared_ptr<ApiState> api;
  const std::string domain;
  mutable std::mutex mutex;  // guards what follows
  EvaluationContext context;
  Hooks hooks;

  State(std::shared_ptr<ApiState> an_api, std::string a_domain)
      : api(std::move(an_api)), domain(std::move(a_domain)) {}
};

Client::Client(std::shared_ptr<ApiState> api, std::string domain)
    : state_(std::make_shared<State>(std::move(api), std::move(domain))) {}

Client::Client(std::shared_ptr<Provider> provider) : Client(std::make_shared<ApiState>(), "") {
  state_->api->set_provider("", std::move(provider));
}

const std::string& Client::domain() const noexcept { return state_->domain; }

ProviderStatus Client::provider_status() const {
  return state_->api->provider(state_->domain)->status();
}

void Client::set_context(EvaluationContext context) {
  const std::lock_guard lock(state_->mutex);
  state_->context = std::move(context);
}

void Client::add_hooks(Hooks hooks) {
  const std::lock_guard lock(state_->mutex);
  state_->hooks.insert(state_->hooks.end(), hooks.begin(), hooks.end());
}

std::uint64_t Client::on(ProviderEventType type, EventHandler handler) {
  return state_->api->on(state_->domain, type, std::move(handler));
}

void Client::off(std::uint64_t handler) { state_->api->off(handler); }

Hooks Client::hooks() const {
  const std::lock_guard lock(state_->mutex);
  return state_->hooks;
}

EvaluationContext Client::merged_context(const EvaluationContext& invocation) const {
  const EvaluationContext below = state_->api->context();
  const std::lock_guard lock(state_->mutex);
  return below.merged(state_->context).merged(invocation);
}

void Client::track(std::string_view event, const EvaluationContext& context,
                   const TrackingEventDetails& details) const noexcept {
  try {
    state_->api->provider(state_->domain)->track(event, merged_context(context), details);
  } catch (...) {
    // Tracking has nobody to tell.
  }
}

EvaluationDetails<Value> Client::evaluate(std::string_view key, FlagType type,
                                          const Value& fallback, const EvaluationContext& context,
                                          const EvaluationOptions& options) const {
  const std::shared_ptr<Provider> provider = state_->api->provider(state_->domain);
  EvaluationContext merged;
  HookRun run({key, type, fallback, state_->domain, provider->name()}, merged, options.hook_hints);
  EvaluationDetails<Value> details;
  try {
    run.add(state_->api->hooks());
    run.add(hooks());
    run.add(options.hooks);
    run.add(provider->hooks());
    merged = merged_context(context);
    run.before();
    require_usable(*provider);
    details = details_of(key, type, fallback, provider->evaluate(key, type, merged));
    run.after(details);
  } catch (...) {
    const EvaluationError error = describe(std::current_exception());
    details = failed_details(key, fallback, error);
    run.error(error);
  }
  run.finally(details);
  return details;
}

EvaluationDetails<bool> Client::get_boolean_details(
    std::string_view key, bool fallback, const EvaluationContext& context,
    const EvaluationOptions& options) const noexcept {
  auto details = evaluate(key, FlagType::boolean, fallback, context, options);
  const bool value = *details.value.as_boolean();
  return typed(std::move(details), value);
}

EvaluationDetails<std::string> Client::get_string_details(
    std::string_view key, std::string fallback, const EvaluationContext& context,
    const EvaluationOptions& options) const noexcept {
  auto details = evaluate(key, FlagType::string, std::move(fallback), context, options);
  std::string value = *details.value.as_string();
  return typed(std::move(details), std::move(value));
}

EvaluationDetails<std::int64_t> Client::get_integer_details(
    std::string_view key, std::int64_t fallback, const EvaluationContext& context,
    const EvaluationOptions& options) const noexcept {
  auto details = evaluate(key, FlagType::integer, fallback, context, options);
  const std::int64_t value = *details.value.as_integer();
  return typed(std::move(details), value);
}

EvaluationDetails<double> Client::get_double_details(
    std::string_view key, double fallback, const EvaluationContext& context,
    const EvaluationOptions& options) const noexcept {
  auto details = evaluate(key, FlagType::number, fallback, context, options);
  const double value = *details.value.as_any_number();
  return typed(std::move(details), value);
}

EvaluationDetails<Value> Client::get_object_details(
    std::string_view key, const Value& fallback, const EvaluationContext& context,
    const EvaluationOptions& options) const noexcept {
  return evaluate(key, FlagType::object, fallback, context, options);
}

bool Client::get_boolean_value(std::string_view key, bool fallback,
                               const EvaluationContext& context,
                               const EvaluationOptions& options) const noexcept {
  return get_boolean_details(key, fallback, context, options).value;
}

std::string Client::get_string_value(std::string_view key, std::string fallback,
                                     const EvaluationContext& context,
                                     const EvaluationOptions& options) const noexcept {
  return get_string_details(key, std::move(fallback), context, options).value;
}

std::int64_t Client::get_integer_value(std::string_view key, std::int64_t fallback,
                                       const EvaluationContext& context,
                                       const EvaluationOptions& options) const noexcept {
  return get_integer_details(key, fallback, context, options).value;
}

double Client::get_double_value(std::string_view key, double fallback,
                                const EvaluationContext& context,
                                const EvaluationOptions& options) const noexcept {
  return get_double_details(key, fallback, context, options).value;
}

Value Client::get_object_value(std::string_view key, const Value& fallback,
                               const EvaluationContext& context,
                               const EvaluationOptions& options) const noexcept {
  return get_object_details(key, fallback, context, options).value;
}

}  // namespace lockstep::openfeature
