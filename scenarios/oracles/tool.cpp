// Of a command-line tool: what it says of its command is what happened. A command completes when it
// had started, and once; base properties are the tool's, whatever call sites pass.
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

class Tool final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "a tool tells of one life"; }

  Finding arrived(World& world, const Seen& seen) override {
    if (!world.has_tool(seen.client)) return std::nullopt;
    for (const json& event : seen.events()) {
      const auto properties = event.find("properties");
      if (properties == event.end() || !properties->is_object()) continue;
      const auto invocation = properties->find("invocation_id");
      if (invocation == properties->end()) continue;
      if (Finding broken = judge(event, *properties, invocation->dump(), seen)) return broken;
    }
    return std::nullopt;
  }

 private:
  Finding judge(const json& event, const json& properties, const std::string& invocation,
                const Seen& seen) {
    // The same in all events of an invocation.
    const json base{properties.value("version", json()),
                    properties.value("operating_system", json()),
                    properties.value("is_ci", json())};
    const auto [known, is_first] = bases_.emplace(invocation, base);
    if (!is_first && known->second != base) {
      return Failure{"the base properties " + known->second.dump() + " of invocation " + invocation,
                     base.dump() + " in " + seen.to_text()};
    }
    if (event.value("event", "") != "Command Completed") return std::nullopt;
    if (properties.value("command", "").empty()) {
      return Failure{"no command that completes without a start",
                     event.dump() + " in " + seen.to_text()};
    }
    const auto [completion, is_new] = completions_.emplace(invocation, uuid_of(event));
    if (is_new || completion->second == uuid_of(event)) return std::nullopt;
    return Failure{"one completion of invocation " + invocation, "a second in " + seen.to_text()};
  }

  std::map<std::string, json> bases_;               // by invocation
  std::map<std::string, std::string> completions_;  // their ids, likewise
};

}  // namespace

std::unique_ptr<Oracle> make_tool_oracle() { return std::make_unique<Tool>(); }

}  // namespace lockstep::scenario
