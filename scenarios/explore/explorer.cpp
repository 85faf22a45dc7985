#include "scenarios/explore/explorer.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>
#include <tuple>
#include <utility>

#include "clock/chance.h"
#include "clock/trace.h"
#include "scenarios/explore/laws.h"
#include "scenarios/explore/plan.h"

namespace lockstep::explore {

using scenario::Result;
using scenario::Scenario;

namespace {

constexpr std::size_t kLargestCorpus = 4096;
constexpr Stream kSteering{"explore-steering"};

// One run of a round: what it was made of, what came of it.
struct Run {
  std::uint64_t seed = 0;
  bool from_seed = true;
  ChoiceTape tape;  // where it was made from another run
  Plan plan;
  Result result;
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
  ChoiceTape tape = parent;
  if (chance.ratio({kSteering, seed, 1}, 1, 2)) {
    const std::uint64_t kept = 1 + chance.below({kSteering, seed, 2}, kMostOperations);
    for (const auto& [key, value] : parent.choices()) {
      if (std::get<1>(key) > kept && std::get<1>(key) <= kMostOperations) forget(tape, key);
    }
    return tape;
  }
  const std::uint64_t changes = 1 + chance.below({kSteering, seed, 1}, 8);
  for (std::uint64_t i = 0; i < changes && tape.size() > 0; ++i) {
    auto chosen = tape.choices().begin();
    std::advance(chosen,
                 static_cast<std::ptrdiff_t>(chance.below({kSteering, seed, 3 + i}, tape.size())));
    forget(tape, ChoiceTape::Key(chosen->first));
  }
  return tape;
}

class Explorer {
 public:
  explicit Explorer(const ExploreOptions& options) : options_(options), start_(now()) {
    out_.digest = kDigestStart;
    out_.capture = options.capture;
  }

  Exploration run() {
    for (std::uint64_t done = 0; done < options_.seeds && !is_over();) {
      const std::uint64_t count = std::min(options_.round, options_.seeds - done);
      std::vector<Run> round = make_round(options_.first_seed + done, count);
      for (Run& one : round) merge(one);
      done += count;
      tell();
    }
    out_.corpus = corpus_.size();
    out_.transitions = seen_.size();
    out_.singletons = static_cast<std::size_t>(std::count_if(
        seen_.begin(), seen_.end(), [](const auto& entry) { return entry.second == 1; }));
    out_.real_time = now() - start_;
    out_.seen = std::move(seen_);
    return std::move(out_);
  }

 private:
  Instant now() const {
    return options_.stopwatch != nullptr ? options_.stopwatch->now() : Instant{};
  }

  bool is_over() const {
    if (out_.failures.size() >= options_.stop_after) return true;
    return options_.budget > Duration{0} && now() - start_ >= options_.budget;
  }

  std::vector<Run> make_round(std::uint64_t first, std::uint64_t count) {
    std::vector<Run> round(count);
    for (std::uint64_t i = 0; i < count; ++i) prepare(round[i], first + i);
    std::atomic<std::uint64_t> next{0};
    const auto work = [&] {
      for (std::uint64_t i = next++; i < count; i = next++) carry_out(round[i]);
    };
    std::vector<std::thread> workers;
    for (unsigned i = 1; i < options_.jobs; ++i) workers.emplace_back(work);
    work();
    for (std::thread& worker : workers) worker.join();
    return round;
  }

  void prepare(Run& run, std::uint64_t seed) const {
    run.seed = seed;
    const Chance chance(seed);
    if (!options_.novelty || corpus_.empty() || !chance.ratio({kSteering, seed, 0}, 1, 2)) return;
    run.from_seed = false;
    // The later of two: what was new late is rarer than what was new at once.
    const std::uint64_t parent = std::max(chance.below({kSteering, seed, 100}, corpus_.size()),
                                          chance.below({kSteering, seed, 101}, corpus_.size()));
    run.tape = changed(corpus_[parent], chance, seed);
  }

  void carry_out(Run& run) const {
    run.plan = make_plan(Chance(run.seed, run.tape), options_.capture);
    scenario::RunOptions options;
    options.seed = run.seed;
    options.keep_states = true;
    run.result = scenario::run(run.plan.scenario, options);
    const std::uint64_t share = options_.verify_one_in;
    if (share == 0 || run.seed % share != 0 || run.result.failed) return;
    run.verified = true;
    run.result.failed = broken_law(run.plan.scenario, run.result);
  }

  void merge(Run& run) {
    ++out_.runs;
    out_.verified += run.verified ? 1 : 0;
    out_.virtual_time = saturating_add(out_.virtual_time, run.result.virtual_time);
    out_.digest = digest_number(out_.digest, run.result.digest);
    for (const std::string_view family : run.plan.families) ++out_.families[family];
    bool is_new = false;
    for (const std::uint64_t transition : run.result.states) {
      is_new = ++seen_[transition] == 1 || is_new;
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
    const bool known =
        std::any_of(out_.failures.begin(), out_.failures.end(),
                    [&](const FoundFailure& one) { return one.behaviour == behaviour; });
    if (known) return;
    out_.failures.push_back(
        {run.seed, run.from_seed, behaviour, std::move(run.plan.scenario), std::move(run.result)});
  }

  // The run's whole tape, so that a later change leaves the rest of it as it was.
  void keep(const Run& run) {
    if (!options_.novelty || corpus_.size() >= kLargestCorpus) return;
    Chance chance(run.seed, run.tape);
    chance.start_recording();
    make_plan(chance, options_.capture);
    corpus_.push_back(chance.tape());
  }

  void tell() const {
    if (!options_.progress) return;
    options_.progress(
        {out_.runs, out_.failed_runs, seen_.size(), out_.virtual_time, now() - start_});
  }

  const ExploreOptions& options_;
  const Instant start_;
  Exploration out_;
  std::vector<ChoiceTape> corpus_;
  std::map<std::uint64_t, std::uint64_t> seen_;  // transition -> runs that showed it
};

}  // namespace

double Exploration::unseen_probability() const noexcept {
  if (runs == 0) return 1;
  return std::min(1.0, static_cast<double>(singletons) / static_cast<double>(runs));
}

std::vector<std::string_view> Exploration::missing_families() const {
  std::vector<std::string_view> missing;
  for (const std::string_view name : family_names(capture)) {
    if (!families.contains(name)) missing.push_back(name);
  }
  return missing;
}

Exploration explore(const ExploreOptions& options) { return Explorer(options).run(); }

Scenario scenario_of_seed(std::uint64_t seed, std::optional<Capture> capture) {
  Scenario scenario = make_plan(Chance(seed), capture).scenario;
  scenario.name = "seed " + std::to_string(seed);
  return scenario;
}

Result run_twice(const Scenario& scenario) {
  Result result = scenario::run(scenario);
  if (!result.failed) result.failed = broken_law(scenario, result);
  return result;
}

}  // namespace lockstep::explore
