// How much a contract's assertions are worth: which of them would also pass for an SDK that sends
// nothing at all, or that speaks the other protocol.
//
// A green run of a suite says little where its assertions are green for everybody. The audit runs
// each test in process against such impostors, every step of it however many fail, and counts.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/contract/contract.h"

namespace lockstep::contract {

// One check of one test, and who passes it.
struct AuditedCheck {
  const Test* test = nullptr;
  std::size_t step = 0;  // from 1
  std::string_view action;
  bool passes_silent = false;  // an SDK that accepts everything and sends nothing
  bool passes_other = false;   // our SDK with the other protocol
};

struct Audit {
  std::vector<AuditedCheck> checks;
  std::vector<const Test*> tests;
  std::vector<const Test*> passed_by_silent;  // whole tests
  std::vector<const Test*> passed_by_other;
};

// Audits the tests, which must outlive the result.
Audit audit(const std::vector<const Test*>& tests);

// For a person: totals, the whole tests that an impostor passes, the checks by action.
std::string to_text(const Audit& audit);
std::string to_json(const Audit& audit);

}  // namespace lockstep::contract
