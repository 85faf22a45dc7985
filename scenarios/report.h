// Puts a run into words, for a person (text, markdown) or a machine (JSON, JUnit XML).
//
// Of scenarios and of contract tests alike. Results that share suite and target stand together, in
// the order in which the first of each came; a scenario's suite is its file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scenarios/runner.h"

namespace lockstep::scenario {

enum class Format : std::uint8_t { text, json, junit, markdown };
// Exactly "text", "json", "junit" or "markdown".
std::optional<Format> parse_format(std::string_view name) noexcept;

// Ends with a line break. Two reports of the same scenarios differ in real times alone.
std::string report(const Run& run, Format format);

// What there is to know about a failure, in lines: "FILE:LINE: step 3 of 7 (assert_request_count)",
// what was expected and seen, the requests, the nearest of them, the command that runs it again.
// Empty where the result is no failure.
std::string explain(const Result& result);

}  // namespace lockstep::scenario
