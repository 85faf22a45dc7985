#include "openfeature/api_state.h"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace lockstep::openfeature {

namespace {

// What a domain without a provider has.
class NoProvider final : public Provider {
 public:
  std::string_view name() const noexcept override { return "none"; }
  Resolution evaluate(std::string_view, FlagType, const EvaluationContext&) override {
    return Resolution::failure(ErrorCode::provider_not_ready, "no provider is set");
  }
};

// Whether a provider in that state has caused such an event last.
bool describes(ProviderEventType type, ProviderStatus status) {
  switch (type) {
    case ProviderEventType::ready:
      return status == ProviderStatus::ready;
    case ProviderEventType::error:
      return status == ProviderStatus::error || status == ProviderStatus::fatal;
    case ProviderEventType::stale:
      return status == ProviderStatus::stale;
    case ProviderEventType::configuration_changed:
      return false;
  }
  return false;
}

void call(const EventHandler& handler, const ProviderEvent& event) noexcept {
  try {
    handler(event);
  } catch (...) {
    // The other handlers are called all the same.
  }
}

}  // namespace

ApiState::~ApiState() { shutdown(); }

// A reference of its own: what start() calls may let go of the caller's.
void ApiState::set_provider(std::string domain,
                            std::shared_ptr<Provider> provider) {  // NOLINT(performance-*)
  if (provider == nullptr) throw std::invalid_argument("set_provider: the provider is null");
  std::optional<Observed> leaving;
  EvaluationContext context;
  {
    const std::lock_guard lock(mutex_);
    context = context_;
    std::shared_ptr<Provider> before = std::exchange(providers_[std::move(domain)], provider);
    leaving = unused(before);
    if (!observed_.contains(provider.get())) {
      const std::uint64_t number = provider->observe(
          [weak = weak_from_this(), raw = provider.get()](const ProviderEvent& event) {
            if (const auto self = weak.lock()) self->heard(*raw, event);
          });
      observed_.emplace(provider.get(), Observed{provider, number});
    }
  }
  provider->start(context);
  if (!leaving) return;
  leaving->first->ignore(leaving->second);
  leaving->first->stop();
}

std::optional<ApiState::Observed> ApiState::unused(const std::shared_ptr<Provider>& provider) {
  const auto observed = observed_.find(provider.get());
  if (observed == observed_.end()) return std::nullopt;
  const bool used = std::any_of(providers_.begin(), providers_.end(),
                                [&](const auto& entry) { return entry.second == provider; });
  if (used) return std::nullopt;
  Observed leaving = std::move(observed->second);
  observed_.erase(observed);
  return leaving;
}

std::shared_ptr<Provider> ApiState::provider(std::string_view domain) const {
  const std::lock_guard lock(mutex_);
  auto found = providers_.find(domain);
  if (found == providers_.end()) found = providers_.find("");
  if (found != providers_.end()) return found->second;
  return std::make_shared<NoProvider>();
}

void ApiState::shutdown() {
  std::map<const Provider*, Observed> leaving;
  {
    const std::lock_guard lock(mutex_);
    leaving = std::exchange(observed_, {});
    providers_.clear();
    handlers_.clear();
    hooks_.clear();
    context_ = {};
    transaction_ = nullptr;
  }
  for (auto& [raw, observed] : leaving) {
    observed.first->ignore(observed.second);
    observed.first->stop();
  }
}

void ApiState::heard(const Provider& provider, const ProviderEvent& event) const {
  std::vector<EventHandler> told;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [number, handler] : handlers_) {
      if (handler.type != event.type) continue;
      auto served = providers_.find(handler.domain.value_or(""));
      if (served == providers_.end()) served = providers_.find("");
      const bool own = served != providers_.end() && served->second.get() == &provider;
      if (!handler.domain || own) told.push_back(handler.call);
    }
  }
  for (const EventHandler& handler : told) call(handler, event);
}

// A copy of its own, as the handler may destroy the caller's.
std::uint64_t ApiState::on(std::optional<std::string> domain, ProviderEventType type,
                           EventHandler handler) {  // NOLINT(performance-*)
  std::vector<std::shared_ptr<Provider>> present;
  std::uint64_t number = 0;
  if (domain) present.push_back(provider(*domain));
  {
    const std::lock_guard lock(mutex_);
    if (!domain) {
      for (const auto& [raw, observed] : observed_) present.push_back(observed.first);
    }
    number = next_handler_++;
    handlers_.emplace(number, Handler{std::move(domain), type, handler});
  }
  for (const auto& one : present) {
    if (!describes(type, one->status())) continue;
    ProviderEvent event;
    event.type = type;
    event.provider_name = one->name();
    call(handler, event);
  }
  return number;
}

void ApiState::off(std::uint64_t handler) {
  const std::lock_guard lock(mutex_);
  handlers_.erase(handler);
}

void ApiState::set_context(EvaluationContext context) {
  const std::lock_guard lock(mutex_);
  context_ = std::move(context);
}

void ApiState::set_transaction_context(std::function<EvaluationContext()> source) {
  const std::lock_guard lock(mutex_);
  transaction_ = std::move(source);
}

void ApiState::add_hooks(const Hooks& hooks) {
  const std::lock_guard lock(mutex_);
  hooks_.insert(hooks_.end(), hooks.begin(), hooks.end());
}

EvaluationContext ApiState::context() const {
  EvaluationContext context;
  std::function<EvaluationContext()> transaction;
  {
    const std::lock_guard lock(mutex_);
    context = context_;
    transaction = transaction_;
  }
  return transaction ? context.merged(transaction()) : context;
}

Hooks ApiState::hooks() const {
  const std::lock_guard lock(mutex_);
  return hooks_;
}

}  // namespace lockstep::openfeature
