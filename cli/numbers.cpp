#include "cli/numbers.h"

#include <CLI/CLI.hpp>
#include <charconv>

namespace lockstep::cli {

CLI::Option& check_number(CLI::Option& option, std::uint64_t least) {
  const auto problem = [least](const std::string& text) -> std::string {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error == std::errc{} && stop == end && number >= least) return {};
    return "found " + text + "; expected a whole number from " + std::to_string(least) +
           " to 18446744073709551615";
  };
  return *option.check(problem, "", "");
}

CLI::Option& add_number(CLI::App& verb, const std::string& name, std::uint64_t& value,
                        const std::string& help, std::uint64_t least) {
  return check_number(*verb.add_option(name, value, help)->capture_default_str(), least);
}

}  // namespace lockstep::cli
