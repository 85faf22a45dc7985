#include "scenarios/oracles/oracle.h"

namespace lockstep::scenario {

// Liveness (8) is a phase of its own, the action assert_converges; determinism (10) needs two runs.
std::vector<std::unique_ptr<Oracle>> make_oracles() {
  std::vector<std::unique_ptr<Oracle>> oracles;
  for (const auto make : {make_conservation_oracle, make_envelope_oracle,   make_wire_oracle,
                          make_secrets_oracle,      make_repeats_oracle,    make_sequence_oracle,
                          make_patience_oracle,     make_promptness_oracle, make_reasons_oracle,
                          make_reports_oracle,      make_attempts_oracle,   make_order_oracle,
                          make_bounds_oracle,       make_deadlines_oracle,  make_closed_oracle,
                          make_flags_oracle,        make_questions_oracle,  make_tracking_oracle,
                          make_tool_oracle,         make_warnings_oracle,   make_hooks_oracle,
                          make_flag_calls_oracle}) {
    oracles.push_back(make());
  }
  return oracles;
}

}  // namespace lockstep::scenario
