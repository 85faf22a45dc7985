// What the report formats share; for report*.cpp alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/runner.h"

namespace lockstep::scenario {

// The results of one suite against one target.
struct Suite {
  std::string name;
  std::string target;  // empty: a scenario needs none
  std::vector<const Result*> results;

  std::size_t passed() const;
  std::size_t failures() const;
  std::size_t skipped() const;
  Duration virtual_time() const;
  Duration real_time() const;
  // The name, and the target where there is one.
  std::string title() const;
};

// They point into `run`.
std::vector<Suite> suites_of(const Run& run);

// "12.345", always three digits after the point.
std::string milliseconds(Duration time);
// "0.012345"
std::string seconds(Duration time);
// Sixteen digits.
std::string hex(std::uint64_t number);
// "257 passed, 1 failed", and how many were skipped where any were.
std::string counts(std::size_t passed, std::size_t failed, std::size_t skipped);
// The place of what failed, or of the test: "a.yaml:7".
std::string place(const Result& result);
// "step 2 of 4 (assert_x)". Of a failure.
std::string failed_step(const Result& result);

std::string text_report(const Run& run);
std::string json_report(const Run& run);
std::string junit_report(const Run& run);
std::string markdown_report(const Run& run);

}  // namespace lockstep::scenario
