// A command-line tool that tells how it is used. GREET_TELEMETRY=0 switches that off.
//   greet [--fail | --wait] NAME...
#include <lockstep/telemetry/telemetry.h>

#include <cstdlib>
#include <iostream>
#include <stdexcept>

namespace telemetry = lockstep::telemetry;

int greet(telemetry::Telemetry& telemetry, std::vector<std::string> names) {
  const std::string flag = !names.empty() && names[0].starts_with("--") ? names[0] : "";
  if (!flag.empty()) names.erase(names.begin());
  if (names.empty()) return std::cerr << "greet: expected a NAME\n", 2;  // nothing has started
  telemetry.command_started("greet", flag.empty() ? std::vector<std::string>{} : std::vector{flag});
  for (const std::string& name : names) {
    std::cout << "Hello, " << name << "!" << std::endl;
    telemetry.track("Greeted", {{"length", name.size()}});
  }
  if (flag == "--fail") throw std::out_of_range("cannot greet " + names[0]);
  if (flag == "--wait") std::cin.get();
  return 0;
}

int main(int argc, char** argv) try {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
  telemetry::Telemetry telemetry({.write_key = "greet",
                                  .endpoint = variable("GREET_ENDPOINT"),
                                  .version = "1.0.0",
                                  .anonymous_id = "device-1",
                                  .opt_out = "GREET_TELEMETRY",
                                  .debug = !variable("GREET_DEBUG").empty()});
  return telemetry::run_command(telemetry, [&] {
    return greet(telemetry, {argv + 1, argv + argc});
  });
} catch (const std::exception& error) {
  std::cerr << "greet: " << error.what() << "\n";
  return 1;
}
