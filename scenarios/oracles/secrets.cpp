// A secret never reaches an error text or a log: what a server says back of an api key is hidden in
// whatever a client tells its application.
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

class Secrets final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "secrets are not told"; }

  Finding ended(World& world, const EndedEvent& event) override {
    return judge(world, event.client, event.outcome.detail);
  }

  Finding told(World& world, const ToldError& told) override {
    return judge(world, told.client, told.error.message);
  }

  Finding said(World& world, const std::string& client, std::string_view text) override {
    return judge(world, client, text);
  }

 private:
  // A key of one letter is no secret, and would be found in anything.
  static Finding judge(const World& world, const std::string& client, std::string_view text) {
    constexpr std::size_t kShortestSecret = 4;
    if (text.empty()) return std::nullopt;
    const ClientLimits* limits = world.limits(client);
    if (limits == nullptr || limits->api_key.size() < kShortestSecret) return std::nullopt;
    if (text.find(limits->api_key) == std::string_view::npos) return std::nullopt;
    return Failure{"no api key in what " + client + " tells", std::string(text)};
  }
};

}  // namespace

std::unique_ptr<Oracle> make_secrets_oracle() { return std::make_unique<Secrets>(); }

}  // namespace lockstep::scenario
