// Of a command-line tool: (invocation_id, sequence) names one event, whatever call sites pass.
#include <map>
#include <nlohmann/json.hpp>

#include "scenarios/oracles/oracle.h"

namespace lockstep::scenario {

namespace {

class Sequence final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "a tool's sequence names one event"; }

  Finding arrived(World&, const Seen& seen) override {
    // Tools speak Segment's protocol; other bodies need not be looked into, which takes long.
    if (seen.request.url.path != "/v1/batch") return std::nullopt;
    for (const nlohmann::json& event : seen.events()) {
      const auto properties = event.find("properties");
      if (properties == event.end() || !properties->is_object()) continue;
      const auto number = properties->find("sequence");
      const auto invocation = properties->find("invocation_id");
      if (number == properties->end() || invocation == properties->end()) continue;
      const std::string place = invocation->dump() + " " + number->dump();
      const std::string id = uuid_of(event);
      const auto [known, is_new] = events_.emplace(place, id);
      if (is_new || known->second == id) continue;
      return Failure{"one event for the sequence " + place,
                     known->second + " and " + id + " in " + seen.to_text()};
    }
    return std::nullopt;
  }

 private:
  std::map<std::string, std::string> events_;  // ids, by invocation and sequence
};

}  // namespace

std::unique_ptr<Oracle> make_sequence_oracle() { return std::make_unique<Sequence>(); }

}  // namespace lockstep::scenario
