// What is behind an Api: which provider serves which domain, and who hears of its events.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "openfeature/api.h"

namespace lockstep::openfeature {

class ApiState : public std::enable_shared_from_this<ApiState> {
 public:
  ~ApiState();

  void set_provider(std::string domain, std::shared_ptr<Provider> provider);
  std::shared_ptr<Provider> provider(std::string_view domain) const;
  void shutdown();

  // `domain`: of a client; nothing: of every provider.
  std::uint64_t on(std::optional<std::string> domain, ProviderEventType type, EventHandler handler);
  void off(std::uint64_t handler);

  void set_context(EvaluationContext context);
  void set_transaction_context(std::function<EvaluationContext()> source);
  void add_hooks(const Hooks& hooks);
  // Of API and transaction, merged. Throws what the transaction's source throws.
  EvaluationContext context() const;
  Hooks hooks() const;

 private:
  struct Handler {
    std::optional<std::string> domain;
    ProviderEventType type;
    EventHandler call;
  };
  using Observed = std::pair<std::shared_ptr<Provider>, std::uint64_t>;

  void heard(const Provider& provider, const ProviderEvent& event) const;
  // With the mutex held: a provider that no domain uses any more, to be stopped.
  std::optional<Observed> unused(const std::shared_ptr<Provider>& provider);

  mutable std::mutex mutex_;  // guards what follows; never held while a provider is called
  std::map<std::string, std::shared_ptr<Provider>, std::less<>> providers_;
  std::map<const Provider*, Observed> observed_;
  std::map<std::uint64_t, Handler> handlers_;
  std::uint64_t next_handler_ = 1;
  EvaluationContext context_;
  std::function<EvaluationContext()> transaction_;
  Hooks hooks_;
};

}  // namespace lockstep::openfeature
