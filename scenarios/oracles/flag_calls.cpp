// What a client answers of a flag is told by a $feature_flag_called event: once for each answer to
// each person, and another time where the event was not taken.
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

class FlagCalls final : public Oracle {
 public:
  std::string_view name() const noexcept override { return "a flag's answer is told of once"; }

  Finding opened(World&, const std::string& client) override {
    clients_.erase(client);
    return std::nullopt;
  }

  // It forgets then what it told of, and takes nothing more.
  Finding closing(World&, const std::string& client) override {
    const auto found = clients_.find(client);
    if (found != clients_.end()) found->second.told.clear();
    return std::nullopt;
  }

  // What its hooks capture meanwhile cannot be told from the question's own event.
  Finding asking(World& world, const std::string& client) override {
    const ClientLimits* limits = world.limits(client);
    if (limits == nullptr || limits->has_hooks) return std::nullopt;
    Calls& calls = clients_[client];
    calls.is_open = true;
    calls.tries = calls.taken = 0;
    return std::nullopt;
  }

  Finding captured(World&, const CapturedEvent& event) override {
    if (Calls* calls = open_question(event.client)) {
      ++calls->tries;
      if (event.accepted) ++calls->taken;
    }
    return std::nullopt;
  }

  Finding refused(World&, const std::string& client, std::string_view) override {
    if (Calls* calls = open_question(client)) ++calls->tries;
    return std::nullopt;
  }

  Finding asked(World& world, const AskedFlag& flag) override {
    Calls* calls = open_question(flag.client);
    if (calls == nullptr) return std::nullopt;
    calls->is_open = false;
    const json question = json::parse(flag.question, nullptr, false);
    const json answer = json::parse(flag.answer, nullptr, false);
    if (!question.value("send_event", true) || !answer.value("success", false)) {
      return std::nullopt;
    }
    const std::string told = json{question.value("distinct_id", ""), question.value("key", ""),
                                  question.value("groups", json()), answer.value("value", json())}
                                 .dump();
    const bool was_told = calls->told.contains(told);
    if (!was_told && calls->tries == 0) {
      return broken(world, flag, "one, since none of this answer was taken yet", "none");
    }
    // Past that many it may have forgotten.
    const bool remembers = calls->told.size() <= world.limits(flag.client)->flag_called_cache_size;
    if (was_told && remembers && calls->tries > 0) {
      return broken(world, flag, "none, since one of this answer was taken", "another");
    }
    if (calls->taken > 0) calls->told.insert(told);
    return std::nullopt;
  }

 private:
  struct Calls {
    bool is_open = false;  // a question is
    int tries = 0;         // captures since it was asked
    int taken = 0;         // of them
    std::set<std::string> told;
  };

  Calls* open_question(const std::string& client) {
    if (clients_.empty()) return nullptr;
    const auto found = clients_.find(client);
    return found == clients_.end() || !found->second.is_open ? nullptr : &found->second;
  }

  static Failure broken(World& world, const AskedFlag& flag, const std::string& expected,
                        const std::string& seen) {
    return {"$feature_flag_called events of " + flag.client + " with its answer to " +
                flag.question + ": " + expected,
            seen + ", at " + to_text(world.clock().now())};
  }

  std::map<std::string, Calls> clients_;  // those that were asked
};

}  // namespace

std::unique_ptr<Oracle> make_flag_calls_oracle() { return std::make_unique<FlagCalls>(); }

}  // namespace lockstep::scenario
