// What the explorer's runs reached of what can be named beforehand: conditions of an engine and how
// they change, pairs of families in one run, conditions behind a fault, and answers of servers.
//
// The rule: what there is to reach comes from enumerations and tables of the code, never from what
// was seen. What cannot be reached is named as well, with the reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/explore/plan.h"
#include "scenarios/sightings.h"

namespace lockstep::explore {

class Coverage {
 public:
  Coverage();

  // A run: its plan, and what was seen in it.
  void add(const Plan& plan, const scenario::Sightings& sightings);

  // One thing there is to reach.
  struct Row {
    std::string group;        // under which it is told; empty: none
    std::string name;         // within the group
    std::uint64_t runs = 0;   // that reached it
    std::string_view cannot;  // why none can; empty: some can
  };
  struct Table {
    std::string_view name;
    std::vector<Row> rows;

    std::size_t reachable() const noexcept;
    std::size_t reached() const noexcept;
    std::size_t singletons() const noexcept;  // reached by one run only
    std::vector<const Row*> never() const;    // reachable, and not reached
  };
  // `capture`, `workload`: of all runs; nothing: it was drawn.
  std::vector<Table> tables(std::optional<Capture> capture,
                            std::optional<Workload> workload = {}) const;

  // The counts by table, for a file that keeps them.
  using Counts = std::map<std::string, std::vector<std::uint64_t>, std::less<>>;
  const Counts& counts() const noexcept { return counts_; }
  // Whether they are counts of this build's tables; they are taken over where they are.
  bool take(const Counts& counts);

 private:
  Counts counts_;
};

// Why no engine can be in that condition; empty where one can.
std::string_view impossible(const engine::Condition& condition);

// All tables as text, and as a JSON array. `runs`: how many there were.
std::string to_text(const std::vector<Coverage::Table>& tables, std::uint64_t runs);
std::string to_json(const std::vector<Coverage::Table>& tables, std::uint64_t runs);

}  // namespace lockstep::explore
