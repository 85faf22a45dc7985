// Options that are whole numbers, one by one refused where they are not: CLI11 alone takes -1 for
// the largest number there is.
#pragma once

#include <cstdint>
#include <string>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace lockstep::cli {

// Refuses anything but digits that make a number of at least `least`, by the option's name.
CLI::Option& check_number(CLI::Option& option, std::uint64_t least = 0);

// An option with a default, which the help shows.
CLI::Option& add_number(CLI::App& verb, const std::string& name, std::uint64_t& value,
                        const std::string& help, std::uint64_t least = 0);

}  // namespace lockstep::cli
