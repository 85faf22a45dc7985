#include "scenarios/explore/explorer.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "clock/chance.h"
#include "clock/trace.h"
#include "scenarios/by_uuid.h"
#include "scenarios/explore/laws.h"
#include "scenarios/explore/plan.h"
#include "scenarios/explore/state.h"
#include "scenarios/side_by_side.h"

namespace lockstep::explore {

using scenario::Result;
using scenario::Scenario;

namespace {

constexpr std::size_t kLargestCorpus = 16'384;
constexpr Stream kSteering{"explore-steering"};

// One run of a round: what it was made of, what came of it.
struct Run {
  Origin origin{};
  Plan plan{};
  // Of a run that had reached something new when its round began.
  std::vector<ChoiceTape::Choice> choices{};
  Result result{};
  bool verified = false;
};

void forget(ChoiceTape& tape, const ChoiceTape::Key& key) {
  Stream stream("");
  stream.id = std::get<0>(key);
  tape.erase({stream, std::get<1>(key), std::get<2>(key)});
}

// A tape of the corpus of which a part is left to the seed of the new run: a few choices, or
// everything behind one of its operations.
ChoiceTape changed(const ChoiceTape& parent, const Chance& chance, std::uint64_t seed) {
  if (chance.ratio({kSteering, seed, 1}, 1, 2)) {
    return beginning_of(parent, 1 + chance.below({kSteering, seed, 2}, kMostOperations));
  }
  ChoiceTape tape = parent;
  const std::uint64_t changes = 1 + chance.below({kSteering, seed, 1}, 8);
  for (std::uint64_t i = 0; i < changes && tape.size() > 0; ++i) {
    const auto [key, value] = tape.choices()[chance.below({kSteering, seed, 3 + i}, tape.size())];
    forget(tape, key);
  }
  return tape;
}

std::uint64_t digest_of(const ChoiceTape& tape) {
  std::uint64_t digest = kDigestStart;
  for (const auto& [key, value] : tape.choices()) {
    const auto [stream, cause, index] = key;
    for (const std::uint64_t number : {stream, cause, index, value}) {
      digest = digest_number(digest, number);
    }
  }
  return digest;
}

class Explorer {
 public:
  explicit Explorer(const ExploreOptions& options) : options_(options), start_(now()) {
    out_.digest = kDigestStart;
    out_.capture = options.capture;
    out_.workload = options.workload;
  }

  Exploration run() {
    if (options_.keep_state || !options_.state.empty()) meaning_ = meaning_of(options_);
    if (!options_.state.empty()) go_on_from(state_from_text(options_.state));
    while (out_.runs < options_.seeds && !is_over()) {
      const std::uint64_t count = std::min(options_.round, options_.seeds - out_.runs);
      if (count < options_.round) keep_state();
      std::vector<Run> round = make_round(options_.first_seed + out_.runs, count);
      for (Run& one : round) merge(one);
      tell();
      if (!last_kept_ || now() - *last_kept_ >= options_.keep_every) keep_state();
    }
    keep_state();
    out_.corpus = corpus_.size();
    out_.transitions = seen_.size();
    count_singletons();
    out_.real_time = real_time();
    out_.seen = seen_in_order();
    return std::move(out_);
  }

 private:
  Instant now() const {
    return options_.stopwatch != nullptr ? options_.stopwatch->now() : Instant{};
  }

  // That of the explorations before this one included.
  Duration real_time() const { return former_time_ + (now() - start_); }

  void count_singletons() {
    out_.singletons = static_cast<std::size_t>(std::count_if(
        seen_.begin(), seen_.end(), [](const auto& entry) { return entry.second.seed_runs == 1; }));
  }

  bool has_seen_enough() {
    if (options_.until_unseen <= 0) return false;
    count_singletons();
    return out_.unseen_probability() < options_.until_unseen;
  }

  bool is_over() {
    if (out_.failures.size() >= options_.stop_after) return true;
    if (options_.is_stopped && options_.is_stopped()) return true;
    if (has_seen_enough()) return true;
    return options_.budget > Duration{0} && now() - start_ >= options_.budget;
  }

  std::vector<Run> make_round(std::uint64_t first, std::uint64_t count) {
    std::vector<Run> round(count);
    for (std::uint64_t i = 0; i < count; ++i) prepare(round[i], first + i);
    std::atomic<std::uint64_t> end{count};
    scenario::side_by_side(count, options_.jobs, [&](std::size_t i) {
      if (i >= end) return;
      carry_out(round[i]);
      if (!is_last(round[i])) return;
      for (std::uint64_t seen = end; i + 1 < seen && !end.compare_exchange_weak(seen, i + 1);) {
      }
    });
    round.resize(end);
    return round;
  }

  // Whether the exploration ends with this run, so that nobody needs those behind it.
  bool is_last(const Run& run) const {
    return run.result.failed && !is_known(run.result.failed->action) &&
           out_.failures.size() + 1 >= options_.stop_after;
  }

  bool is_known(const std::string& behaviour) const {
    return std::any_of(out_.failures.begin(), out_.failures.end(),
                       [&](const FoundFailure& one) { return one.behaviour == behaviour; });
  }

  void prepare(Run& run, std::uint64_t seed) const {
    run.origin.seed = seed;
    const Chance chance(seed);
    if (!options_.novelty || corpus_.empty() || !chance.ratio({kSteering, seed, 0}, 1, 2)) return;
    // The later of two: what was new late is rarer than what was new at once.
    run.origin.parent = std::max(chance.below({kSteering, seed, 100}, corpus_.size()),
                                 chance.below({kSteering, seed, 101}, corpus_.size()));
  }

  Chance chance_of(const Origin& origin) const {
    if (!origin.parent) return Chance(origin.seed);
    return Chance(origin.seed, changed(corpus_[*origin.parent], Chance(origin.seed), origin.seed));
  }

  void carry_out(Run& run) const {
    if (options_.on_run) options_.on_run(run.origin.seed, !run.origin.parent);
    Chance chance = chance_of(run.origin);
    if (may_keep()) chance.start_recording();
    run.plan = make_plan(chance, options_.capture, options_.workload);
    run.plan.scenario.settings.canary = options_.canary;
    scenario::RunOptions options;
    options.seed = run.origin.seed;
    options.keep_states = true;
    run.result = scenario::run(run.plan.scenario, options);
    const std::uint64_t share = options_.verify_one_in;
    if (share != 0 && run.origin.seed % share == 0 && !run.result.failed) {
      run.verified = true;
      run.result.failed = broken_law(run.plan.scenario, run.result);
    }
    // What nobody asks for again is forgotten here, while the memory that the next run takes in its
    // place is warm: a round of whole runs is more than a processor's caches hold.
    if (!run.result.failed) run.plan.scenario = {};
    if (may_keep() && reaches_new(run.result)) run.choices = chance.take_recorded();
  }

  bool may_keep() const { return options_.novelty && corpus_.size() < kLargestCorpus; }

  bool reaches_new(const Result& result) const {
    return std::any_of(result.states.begin(), result.states.end(),
                       [&](std::uint64_t transition) { return !seen_.contains(transition); });
  }

  void merge(Run& run) {
    ++out_.runs;
    out_.verified += run.verified ? 1 : 0;
    out_.virtual_time = saturating_add(out_.virtual_time, run.result.virtual_time);
    out_.digest = digest_number(out_.digest, run.result.digest);
    for (const auto& [family, step] : run.plan.families) ++out_.families[family];
    out_.coverage.add(run.plan, run.result.sightings);
    bool is_new = false;
    const std::uint64_t from_seed = run.origin.parent ? 0 : 1;
    out_.seed_runs += from_seed;
    for (const std::uint64_t transition : run.result.states) {
      SeenIn& seen = seen_[transition];
      is_new = ++seen.runs == 1 || is_new;
      seen.seed_runs += from_seed;
    }
    if (run.result.failed) {
      note_failure(run);
    } else if (is_new) {
      keep(run);
    }
  }

  void note_failure(Run& run) {
    ++out_.failed_runs;
    const std::string& behaviour = run.result.failed->action;
    if (is_known(behaviour)) return;
    failed_.push_back({run.origin, run.result.digest});
    out_.failures.push_back({run.origin.seed, !run.origin.parent, behaviour, whole_tape(run.origin),
                             std::move(run.plan.scenario), std::move(run.result)});
  }

  // The run's whole tape, so that a later change leaves the rest of it as it was.
  void keep(Run& run) {
    if (!may_keep()) return;
    corpus_.emplace_back(std::move(run.choices));
    kept_.push_back({run.origin, digest_of(corpus_.back())});
  }

  ChoiceTape whole_tape(const Origin& origin) const {
    Chance chance = chance_of(origin);
    chance.start_recording();
    make_plan(chance, options_.capture, options_.workload);
    return chance.tape();
  }

  SeenTransitions seen_in_order() const { return {seen_.begin(), seen_.end()}; }

  // After whole rounds only: where a range ends in the middle of one, a longer range goes on
  // otherwise.
  void keep_state() {
    if (!options_.keep_state || out_.runs == 0 || out_.runs % options_.round != 0) return;
    if (kept_runs_ == out_.runs) return;
    last_kept_ = now();
    kept_runs_ = out_.runs;
    State state = meaning_;
    state.runs = out_.runs;
    state.failed_runs = out_.failed_runs;
    state.verified = out_.verified;
    state.seed_runs = out_.seed_runs;
    state.digest = out_.digest;
    state.virtual_time = out_.virtual_time;
    state.real_time = real_time();
    state.families.insert(out_.families.begin(), out_.families.end());
    state.coverage = out_.coverage.counts();
    state.corpus = kept_;
    state.failures = failed_;
    state.seen = seen_in_order();
    options_.keep_state(to_text(state));
  }

  // Makes again what the state names by its origin.
  void go_on_from(State state) {
    expect_same_meaning(state, meaning_, options_.seeds);
    for (const KeptRun& kept : state.corpus) {
      corpus_.push_back(whole_tape(origin_of(kept)));
      expect_same_check(kept, digest_of(corpus_.back()));
    }
    kept_ = std::move(state.corpus);
    for (const KeptRun& kept : state.failures) {
      Run run{origin_of(kept)};
      carry_out(run);
      expect_same_check(kept, run.result.failed ? run.result.digest : ~kept.check);
      note_failure(run);
    }
    for (const auto& [name, runs] : state.families) out_.families[known_family(name)] = runs;
    if (!out_.coverage.take(state.coverage)) {
      throw std::invalid_argument("found the coverage of other tables; expected this build's");
    }
    seen_ = {state.seen.begin(), state.seen.end()};
    out_.runs = kept_runs_ = state.runs;
    out_.failed_runs = state.failed_runs;
    out_.verified = state.verified;
    out_.seed_runs = state.seed_runs;
    out_.digest = state.digest;
    out_.virtual_time = state.virtual_time;
    former_time_ = state.real_time;
  }

  Origin origin_of(const KeptRun& kept) const {
    if (kept.origin.parent.value_or(0) >= std::max<std::size_t>(corpus_.size(), 1)) {
      throw std::invalid_argument("line " + std::to_string(kept.line) +
                                  ": found a run made from one that comes later");
    }
    return kept.origin;
  }

  void tell() const {
    if (!options_.progress) return;
    options_.progress({out_.runs, out_.failed_runs, seen_.size(), out_.virtual_time, real_time()});
  }

  const ExploreOptions& options_;
  const Instant start_;
  Exploration out_;
  std::vector<ChoiceTape> corpus_;
  std::vector<KeptRun> kept_;    // what the corpus was made from
  std::vector<KeptRun> failed_;  // and the failures
  State meaning_;                // where there is a state to keep or to go on from
  Duration former_time_{0};      // of the explorations before this one
  std::optional<Instant> last_kept_;
  std::uint64_t kept_runs_ = 0;
  scenario::ByDigest<SeenIn> seen_;
};

}  // namespace

double Exploration::unseen_probability() const noexcept {
  if (seed_runs == 0) return 1;
  return std::min(1.0, static_cast<double>(singletons) / static_cast<double>(seed_runs));
}

std::vector<std::string_view> Exploration::missing_families() const {
  std::vector<std::string_view> missing;
  for (const std::string_view name : family_names(capture, workload.value_or(Workload::events))) {
    if (!families.contains(name)) missing.push_back(name);
  }
  return missing;
}

Exploration explore(const ExploreOptions& options) { return Explorer(options).run(); }

Scenario scenario_of(const Chance& chance, std::optional<Capture> capture,
                     std::optional<Workload> workload) {
  return make_plan(chance, capture, workload).scenario;
}

Scenario scenario_of_seed(std::uint64_t seed, std::optional<Capture> capture,
                          std::optional<Workload> workload) {
  Scenario scenario = scenario_of(Chance(seed), capture, workload);
  scenario.name = "seed " + std::to_string(seed);
  return scenario;
}

Result run_twice(const Scenario& scenario) {
  Result result = scenario::run(scenario);
  if (!result.failed) result.failed = broken_law(scenario, result);
  return result;
}

}  // namespace lockstep::explore
