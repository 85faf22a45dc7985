// 2. At least once, same envelope: what the SDK calls delivered has reached the server, and every
// repeat of an event is the same event.
#include <map>
#include <utility>

#include "scenarios/by_uuid.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

// A v1 result that nobody knows yet ends an event too; what a server meant by it the mock cannot
// say.
bool has_known_result(const Outcome& outcome) {
  return outcome.detail.empty() || outcome.detail.starts_with("limited") ||
         outcome.detail.starts_with("warning");
}

class Envelope final : public Oracle {
 public:
  std::string_view name() const noexcept override {
    return "delivered events are stored, repeats are the same";
  }

  Finding arrived(World&, const Seen& seen) override {
    for (const auto& [uuid, content] : seen.parts) {
      if (uuid.is_nil()) continue;
      const auto [known, is_new] = contents_.emplace(uuid, content);
      if (is_new || known->second == content) continue;
      return Failure{"the same event on every attempt",
                     "another content of " + uuid.to_string() + " in " + seen.to_text()};
    }
    return std::nullopt;
  }

  Finding ended(World& world, const EndedEvent& event) override {
    const Outcome& outcome = event.outcome;
    if (!outcome.delivered || outcome.unconfirmed || !has_known_result(outcome)) {
      return std::nullopt;
    }
    const ClientLimits* limits = world.limits(event.client);
    if (limits != nullptr && !limits->has_ids) return std::nullopt;
    if (is_stored(world, event.client, outcome.uuid)) return std::nullopt;
    return Failure{"every delivered event in the server's store",
                   outcome.uuid.to_string() + " is not there at " + to_text(event.at)};
  }

 private:
  // What the server keeps of one client. What is forgotten there, by a step that says so, was kept.
  struct Kept {
    std::size_t rows = 0;  // that were looked at
    UuidSet uuids;
  };

  bool is_stored(World& world, const std::string& client, const Uuid& uuid) {
    Kept& kept = kept_[client];
    if (kept.uuids.contains(uuid)) return true;
    std::size_t rows = 0;
    const auto note = [&](const mock::StoredEvent& row) {
      if (rows++ < kept.rows) return;
      kept.uuids.insert(Uuid::parse(row.uuid).value_or(Uuid{}));
    };
    world.server().each_stored(note, client);
    const bool has_forgotten = rows < std::exchange(kept.rows, rows);
    if (has_forgotten) {
      rows = kept.rows = 0;
      world.server().each_stored(note, client);
      kept.rows = rows;
    }
    return kept.uuids.contains(uuid);
  }

  ByUuid<std::uint64_t> contents_;
  std::map<std::string, Kept> kept_;
};

}  // namespace

std::unique_ptr<Oracle> make_envelope_oracle() { return std::make_unique<Envelope>(); }

}  // namespace lockstep::scenario
