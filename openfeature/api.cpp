#include "openfeature/api.h"

#include <utility>

#include "openfeature/api_state.h"
#include "openfeature/client.h"

namespace lockstep::openfeature {

Api::Api() : state_(std::make_shared<ApiState>()) {}

void Api::set_provider(std::string_view domain, std::shared_ptr<Provider> provider) {
  state_->set_provider(std::string(domain), std::move(provider));
}

std::shared_ptr<Provider> Api::provider(std::string_view domain) const {
  return state_->provider(domain);
}

void Api::set_context(EvaluationContext context) { state_->set_context(std::move(context)); }

void Api::set_transaction_context(std::function<EvaluationContext()> source) {
  state_->set_transaction_context(std::move(source));
}

void Api::add_hooks(const Hooks& hooks) { state_->add_hooks(hooks); }

std::uint64_t Api::on(ProviderEventType type, EventHandler handler) {
  return state_->on(std::nullopt, type, std::move(handler));
}

void Api::off(std::uint64_t handler) { state_->off(handler); }

Client Api::client(std::string domain) const { return Client(state_, std::move(domain)); }

void Api::shutdown() { state_->shutdown(); }

}  // namespace lockstep::openfeature
