#include "scenarios/prove/prover.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "clock/chance.h"
#include "clock/trace.h"
#include "scenarios/prove/laws.h"
#include "scenarios/prove/world.h"

namespace lockstep::prove {

namespace {

// How a state was met first.
struct Way {
  std::uint64_t from = 0;  // the digest of the state before it
  Move move;
};

class Search {
 public:
  Search(const Scope& scope, const ProveOptions& options) : scope_(scope), options_(options) {}

  Proof run() {
    const World start(scope_, chance_);
    start_ = start.digest();
    ways_.emplace(start_, Way{});
    proof_.states = 1;
    proof_.digest = start_;
    std::vector<World> level{start};
    while (!level.empty() && go_on()) {
      std::vector<World> next;
      for (const World& world : level) {
        if (go_on()) expand(world, next);
      }
      level = std::move(next);
      if (!level.empty()) ++proof_.depth;
      if (options_.progress) options_.progress(proof_);
    }
    proof_.closed = go_on();
    return std::move(proof_);
  }

 private:
  bool go_on() const { return !proof_.counterexample && proof_.states < options_.most_states; }

  void expand(const World& world, std::vector<World>& next) {
    const std::uint64_t from = world.digest();
    const std::vector<Move> possible = moves(scope_, world);
    if (possible.empty()) ++proof_.ends;
    for (const Move& move : possible) {
      ++proof_.steps;
      World after = world;
      const Broken broken = carry_out(scope_, move, after);
      if (broken) return fail(*broken, from, move);
      const std::uint64_t digest = after.digest();
      if (!ways_.emplace(digest, Way{from, move}).second) continue;
      ++proof_.states;
      proof_.digest = digest_number(proof_.digest, digest);
      if (const Broken stuck = converges(scope_, after)) return fail(*stuck, from, move);
      next.push_back(std::move(after));
    }
  }

  // Tells the way from the start by going it once more.
  void fail(const std::string& law, std::uint64_t from, const Move& last) {
    std::vector<Move> path{last};
    for (std::uint64_t at = from; at != start_; at = ways_.at(at).from) {
      path.push_back(ways_.at(at).move);
    }
    std::reverse(path.begin(), path.end());
    Counterexample found{law, {}};
    World world(scope_, chance_);
    for (const Move& move : path) {
      found.steps.push_back(describe(move, world));
      carry_out(scope_, move, world);
    }
    proof_.counterexample = std::move(found);
  }

  const Scope& scope_;
  const ProveOptions& options_;
  const Chance chance_{1};
  std::uint64_t start_ = 0;
  std::unordered_map<std::uint64_t, Way> ways_;
  Proof proof_;
};

}  // namespace

Proof prove(const Scope& scope, const ProveOptions& options) {
  return Search(scope, options).run();
}

}  // namespace lockstep::prove
