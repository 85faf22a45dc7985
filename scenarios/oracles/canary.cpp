// The canary: an oracle that is wrong, so that a run in which a server answers 503 must fail. Who
// asks for it sees that failures are found, shrunk, told and replayed.
#include "scenarios/oracles/oracle.h"

namespace lockstep::scenario {

namespace {

class Canary final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "canary: no server is ever busy"; }

  Finding arrived(World&, const Seen& seen) override {
    if (seen.reply.response.status != 503) return std::nullopt;
    return Failure{"no 503", seen.to_text()};
  }
};

}  // namespace

std::unique_ptr<Oracle> make_canary_oracle() { return std::make_unique<Canary>(); }

}  // namespace lockstep::scenario
