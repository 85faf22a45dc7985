// What the clients of a program have in common: providers by domain, context, hooks, event
// handlers. An object like any other; a program makes one and hands out clients.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "openfeature/hook.h"
#include "openfeature/provider.h"

namespace lockstep::openfeature {

class Client;
class ApiState;

// Called on the thread that causes the event; what it throws is ignored.
using EventHandler = std::function<void(const ProviderEvent&)>;

// Thread-safe. Copies are the same API.
class Api {
 public:
  Api();

  // Makes a provider that of a domain, the empty one being the default, which every domain without
  // a provider of its own uses. Starts it, with the API's context, unless it runs already, and
  // waits for that; stops the one it replaces where no other domain uses it. Throws
  // std::invalid_argument for a null provider.
  void set_provider(std::shared_ptr<Provider> provider) { set_provider("", std::move(provider)); }
  void set_provider(std::string_view domain, std::shared_ptr<Provider> provider);
  // Never null: without any, a provider that is never ready.
  std::shared_ptr<Provider> provider(std::string_view domain = {}) const;

  // The lowest of the contexts that an evaluation merges: API, transaction, client, invocation,
  // before hooks.
  void set_context(EvaluationContext context);
  // Where the transaction's context comes from, for example a variable of the thread; called in
  // each evaluation, on its thread. Empty: there is none.
  void set_transaction_context(std::function<EvaluationContext()> source);
  void add_hooks(const Hooks& hooks);

  // Of every provider. A handler that is added in a state which its event describes is called at
  // once. The number returned takes it away again.
  std::uint64_t on(ProviderEventType type, EventHandler handler);
  void off(std::uint64_t handler);

  Client client(std::string domain = {}) const;

  // Stops every provider and forgets everything.
  void shutdown();

 private:
  std::shared_ptr<ApiState> state_;
};

}  // namespace lockstep::openfeature
