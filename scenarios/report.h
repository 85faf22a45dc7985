// Puts a run into words, for a person (text, markdown) or a machine (JSON, JUnit XML).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "scenarios/runner.h"

namespace lockstep::scenario {

enum class Format : std::uint8_t { text, json, junit, markdown };
std::optional<Format> parse_format(std::string_view name) noexcept;

// Ends with a line break. Real times are left out of nothing, so two reports of one run of the same
// scenarios differ in them alone.
std::string report(const Run& run, Format format);

// "FILE:LINE: step 3 (assert_request_count): expected ...; saw ...", then the requests seen.
std::string explain(const Result& result);

}  // namespace lockstep::scenario
