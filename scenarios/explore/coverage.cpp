#include "scenarios/explore/coverage.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>

#include "mockserver/script.h"
#include "scenarios/explore/family.h"
#include "scenarios/schema.h"

namespace lockstep::explore {

using engine::Backlog;
using engine::Condition;
using engine::Life;
using engine::Traffic;
using engine::Trouble;
using scenario::Sightings;

namespace {

constexpr std::string_view kConditions = "conditions of an engine";
constexpr std::string_view kMoves = "changes of a condition";
constexpr std::string_view kPairs = "pairs of families in a run";
constexpr std::string_view kAfterFaults = "conditions after a fault";
constexpr std::string_view kAnswers = "answers that were met";

constexpr std::array<std::string_view, 4> kLives{"open", "flushing", "closing", "closed"};
constexpr std::array<std::string_view, 3> kBacklogs{"nothing queued", "queue fills", "queue due"};
constexpr std::array<std::string_view, 3> kTraffics{"nothing in flight", "some in flight",
                                                    "all slots in flight"};
constexpr std::array<std::string_view, 4> kTroubles{"no pause", "pause", "retry waits",
                                                    "retry waits in a pause"};

template <typename Names, typename Value>
std::string_view name_of(const Names& names, Value value) {
  return names[static_cast<std::size_t>(value)];
}

std::string name_of(const Condition& condition) {
  std::string name(name_of(kLives, condition.life));
  name.append(", ").append(name_of(kBacklogs, condition.backlog));
  name.append(", ").append(name_of(kTraffics, condition.traffic));
  return name.append(", ").append(name_of(kTroubles, condition.trouble));
}

// A family, and the workload that alone has it; nothing: every one.
struct Known {
  const Family* family = nullptr;
  std::optional<Workload> workload;
};

const std::vector<Known>& all_families() {
  static const std::vector<Known> families = [] {
    std::vector<Known> all;
    for (const Family& family : application_families()) all.push_back({&family, Workload::events});
    for (const Family& family : flag_families()) all.push_back({&family, Workload::flags});
    for (const Family& family : fault_families()) all.push_back({&family, std::nullopt});
    return all;
  }();
  return families;
}

// Of a family that exists, its place among them.
std::size_t place_of(std::string_view family) {
  static const std::map<std::string_view, std::size_t> places = [] {
    std::map<std::string_view, std::size_t> all;
    for (const Known& known : all_families()) all.emplace(known.family->name, all.size());
    return all;
  }();
  return places.at(family);
}

// The place of a pair among all pairs, i < j < count.
std::size_t pair_index(std::size_t i, std::size_t j, std::size_t count) {
  return i * (2 * count - i - 1) / 2 + (j - i - 1);
}

std::string_view impossible_move(std::size_t part, std::size_t from, std::size_t to) {
  if (part != 0 || from == to) return {};
  if (static_cast<Life>(from) == Life::closed) return "what is closed stays closed";
  const bool was_closing = static_cast<Life>(from) == Life::closing;
  return was_closing && static_cast<Life>(to) != Life::closed ? "a shutdown is not taken back"
                                                              : std::string_view();
}

std::string_view impossible_pair(const Known& one, const Known& other,
                                 std::optional<Capture> capture, std::optional<Workload> workload) {
  for (const Known* known : {&one, &other}) {
    const auto& only = known->family->only;
    if (capture && only && *only != *capture) return "another protocol's";
    if (workload && known->workload && *known->workload != *workload) return "another workload's";
  }
  if (one.workload && other.workload && *one.workload != *other.workload) return "of two workloads";
  const auto& only = one.family->only;
  const bool differ = only && other.family->only && *only != *other.family->only;
  return differ ? "of two protocols" : std::string_view();
}

using Numbers = std::vector<std::uint64_t>;

Coverage::Table conditions(const Numbers& counts) {
  Coverage::Table table{kConditions, {}};
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const Condition condition = Condition::at(i);
    table.rows.push_back({{}, name_of(condition), counts[i], impossible(condition)});
  }
  return table;
}

Coverage::Table moves(const Numbers& counts) {
  const std::array<std::vector<std::string_view>, 4> names{{{kLives.begin(), kLives.end()},
                                                            {kBacklogs.begin(), kBacklogs.end()},
                                                            {kTraffics.begin(), kTraffics.end()},
                                                            {kTroubles.begin(), kTroubles.end()}}};
  Coverage::Table table{kMoves, {}};
  for (std::size_t part = 0; part < names.size(); ++part) {
    const std::size_t values = names[part].size();
    for (std::size_t from = 0; from < values; ++from) {
      for (std::size_t to = 0; to < values; ++to) {
        if (from == to) continue;
        const std::string name =
            std::string(names[part][from]) + " -> " + std::string(names[part][to]);
        table.rows.push_back({{},
                              name,
                              counts[Sightings::kParts[part].first_move + from * values + to],
                              impossible_move(part, from, to)});
      }
    }
  }
  return table;
}

Coverage::Table pairs(const Numbers& counts, std::optional<Capture> capture,
                      std::optional<Workload> workload) {
  const auto& families = all_families();
  Coverage::Table table{kPairs, {}};
  for (std::size_t i = 0; i < families.size(); ++i) {
    for (std::size_t j = i + 1; j < families.size(); ++j) {
      table.rows.push_back({std::string(families[i].family->name) + " and",
                            std::string(families[j].family->name),
                            counts[pair_index(i, j, families.size())],
                            impossible_pair(families[i], families[j], capture, workload)});
    }
  }
  return table;
}

Coverage::Table after_faults(const Numbers& counts) {
  Coverage::Table table{kAfterFaults, {}};
  std::size_t at = 0;
  for (const Family& family : fault_families()) {
    for (std::size_t i = 0; i < Condition::kCount; ++i) {
      const Condition condition = Condition::at(i);
      table.rows.push_back({std::string(family.name) + ", then", name_of(condition), counts[at++],
                            impossible(condition)});
    }
  }
  return table;
}

Coverage::Table answers(const Numbers& counts) {
  Coverage::Table table{kAnswers, {}};
  for (std::size_t i = 0; i < Sightings::kFaults; ++i) {
    const auto name = mock::fault_name(static_cast<http::Fault>(i + 1));
    table.rows.push_back({{}, std::string(name), counts[i], {}});
  }
  for (std::size_t i = 0; i < Sightings::kStatuses.size(); ++i) {
    const std::string name = "status " + std::to_string(Sightings::kStatuses[i]);
    table.rows.push_back({{}, name, counts[Sightings::kFaults + i], {}});
  }
  table.rows.push_back({{}, "another status", counts.back(), "no family draws one"});
  return table;
}

// Good and Turing's, as of Exploration::unseen_probability.
double unseen_probability(const Coverage::Table& table, std::uint64_t runs) {
  if (runs == 0) return 1;
  return std::min(1.0, static_cast<double>(table.singletons()) / static_cast<double>(runs));
}

}  // namespace

std::string_view impossible(const Condition& condition) {
  const bool waits = condition.trouble == Trouble::waiting || condition.trouble == Trouble::both;
  const bool holds =
      condition.backlog != Backlog::none || condition.traffic != Traffic::none || waits;
  if (condition.life == Life::closed && holds) return "what is closed holds nothing";
  if (condition.life == Life::closing && !holds) return "a shutdown with nothing left is over";
  const bool may_be_flushed =
      condition.backlog == Backlog::due || condition.traffic != Traffic::none || waits;
  if (condition.life == Life::flushing && !may_be_flushed) {
    return "a flush with nothing left is over, and makes the rest due";
  }
  if (condition.life == Life::closing && condition.backlog == Backlog::filling) {
    return "a shutdown makes all due";
  }
  return {};
}

Coverage::Coverage() {
  const std::size_t families = all_families().size();
  counts_[std::string(kConditions)].resize(Condition::kCount);
  counts_[std::string(kMoves)].resize(Sightings::kMoves);
  counts_[std::string(kPairs)].resize(families * (families - 1) / 2);
  counts_[std::string(kAfterFaults)].resize(fault_families().size() * Condition::kCount);
  counts_[std::string(kAnswers)].resize(Sightings::kAnswers);
}

void Coverage::add(const Plan& plan, const Sightings& sightings) {
  struct Present {
    std::size_t family;
    std::size_t begin;
  };
  std::vector<Present> present;
  for (const auto& [family, step] : plan.families) present.push_back({place_of(family), step});
  const std::size_t families = all_families().size();
  Numbers& of_pairs = counts_.find(kPairs)->second;
  for (std::size_t i = 0; i < present.size(); ++i) {
    for (std::size_t j = i + 1; j < present.size(); ++j) {
      const auto [first, second] = std::minmax(present[i].family, present[j].family);
      ++of_pairs[pair_index(first, second, families)];
    }
  }
  Numbers& of_moves = counts_.find(kMoves)->second;
  for (std::size_t i = 0; i < Sightings::kMoves; ++i) of_moves[i] += sightings.has_move(i) ? 1 : 0;
  Numbers& of_answers = counts_.find(kAnswers)->second;
  for (std::size_t i = 0; i < Sightings::kAnswers; ++i) {
    of_answers[i] += sightings.has_answer(i) ? 1 : 0;
  }
  Numbers& of_conditions = counts_.find(kConditions)->second;
  std::vector<std::size_t> conditions;
  for (std::size_t i = 0; i < Condition::kCount; ++i) {
    if (sightings.last_step(i) == 0) continue;
    ++of_conditions[i];
    conditions.push_back(i);
  }
  Numbers& after = counts_.find(kAfterFaults)->second;
  const std::size_t applications = families - fault_families().size();
  for (const auto& [family, begin] : present) {
    if (family < applications) continue;
    for (const std::size_t i : conditions) {
      if (sightings.last_step(i) > begin) ++after[(family - applications) * Condition::kCount + i];
    }
  }
}

std::vector<Coverage::Table> Coverage::tables(std::optional<Capture> capture,
                                              std::optional<Workload> workload) const {
  return {conditions(counts_.find(kConditions)->second), moves(counts_.find(kMoves)->second),
          pairs(counts_.find(kPairs)->second, capture, workload),
          after_faults(counts_.find(kAfterFaults)->second),
          answers(counts_.find(kAnswers)->second)};
}

bool Coverage::take(const Counts& counts) {
  if (counts.size() != counts_.size()) return false;
  for (const auto& [name, numbers] : counts) {
    const auto own = counts_.find(name);
    if (own == counts_.end() || own->second.size() != numbers.size()) return false;
  }
  counts_ = counts;
  return true;
}

std::size_t Coverage::Table::reachable() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](const Row& row) { return row.cannot.empty(); }));
}

std::size_t Coverage::Table::reached() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](const Row& row) { return row.runs > 0; }));
}

std::size_t Coverage::Table::singletons() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(rows.begin(), rows.end(), [](const Row& row) { return row.runs == 1; }));
}

std::vector<const Coverage::Row*> Coverage::Table::never() const {
  std::vector<const Row*> out;
  for (const Row& row : rows) {
    if (row.runs == 0 && row.cannot.empty()) out.push_back(&row);
  }
  return out;
}

std::string to_text(const std::vector<Coverage::Table>& tables, std::uint64_t runs) {
  std::string text;
  for (const Coverage::Table& table : tables) {
    std::array<char, 256> line{};
    std::snprintf(
        line.data(), line.size(),
        "%-28s %4zu of %4zu reached, %zu by one run only; %zu cannot be; a new one in the "
        "next run: at most %.2g\n",
        std::string(table.name).c_str(), table.reached(), table.reachable(), table.singletons(),
        table.rows.size() - table.reachable(), unseen_probability(table, runs));
    text += line.data();
    std::string group;
    for (const Coverage::Row* row : table.never()) {
      const bool goes_on = !row->group.empty() && row->group == group;
      text += goes_on ? "; " : text.ends_with('\n') ? "" : "\n";
      if (!goes_on) text += "  never  " + row->group + (row->group.empty() ? "" : " ");
      text += row->name;
      group = row->group;
    }
    if (!text.ends_with('\n')) text += "\n";
  }
  return text;
}

std::string to_json(const std::vector<Coverage::Table>& tables, std::uint64_t runs) {
  std::string text = "[";
  for (const Coverage::Table& table : tables) {
    std::array<char, 32> unseen{};
    std::snprintf(unseen.data(), unseen.size(), "%.9g", unseen_probability(table, runs));
    text += std::string(text.size() > 1 ? "," : "") +
            "\n  {\"of\":" + scenario::json_quoted(table.name) +
            ",\"reachable\":" + std::to_string(table.reachable()) +
            ",\"reached\":" + std::to_string(table.reached()) +
            ",\"singletons\":" + std::to_string(table.singletons()) +
            ",\"unseen_probability\":" + unseen.data() + ",\"never\":[";
    const char* separator = "";
    for (const Coverage::Row* row : table.never()) {
      const std::string name = row->group + (row->group.empty() ? "" : " ") + row->name;
      text += separator + scenario::json_quoted(name);
      separator = ",";
    }
    text += "]}";
  }
  return text + "]";
}

}  // namespace lockstep::explore
