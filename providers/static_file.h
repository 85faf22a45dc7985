// Reads the static provider's flag definitions from TOML (docs/flags.md).
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "providers/static_rules.h"

namespace lockstep::providers {

// what() is "file:line:column: what is wrong; what was expected".
class FlagFileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// `name` is what errors call the text. Throws FlagFileError.
StaticFlags parse_flags(std::string_view toml, std::string_view name);

// Throws FlagFileError, also where the file cannot be read.
StaticFlags read_flags(const std::string& path);

}  // namespace lockstep::providers
