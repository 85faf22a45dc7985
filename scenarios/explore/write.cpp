#include "scenarios/explore/write.h"

#include <sstream>

#include "scenarios/action.h"
#include "scenarios/schema.h"
#include "scenarios/world.h"

namespace lockstep::explore {

using scenario::json_quoted;
using scenario::Scenario;
using scenario::Settings;
using scenario::Step;

namespace {

std::string options_of(const Settings& settings) {
  const Settings plain;
  std::string options;
  const auto add = [&](const std::string& name, const std::string& value) {
    options += (options.empty() ? "" : ", ") + name + ": " + value;
  };
  if (settings.seed) add("seed", std::to_string(*settings.seed));
  if (settings.capture != plain.capture) add("capture", std::string(to_string(settings.capture)));
  if (settings.compression != plain.compression) {
    add("compression", std::string(to_string(settings.compression)));
  }
  if (settings.strict != plain.strict) add("strict", settings.strict ? "true" : "false");
  if (settings.canary) add("canary", "true");
  if (settings.latency != plain.latency) add("latency", scenario::to_text(settings.latency));
  return options;
}

std::string step_line(const Step& step) {
  std::string line = "  - { action: " + std::string(step.action->name);
  if (step.client != scenario::World::kFirstClient) line += ", client: " + json_quoted(step.client);
  // JSON is YAML, and a value that is quoted there is a text here too.
  if (!step.params.entries().empty()) line += ", params: " + step.params.to_json();
  return line + " }\n";
}

}  // namespace

std::string to_yaml(const Scenario& scenario, const std::string& comment) {
  std::string text;
  std::istringstream lines(comment);
  for (std::string line; std::getline(lines, line);) text += "# " + line + "\n";
  text += "scenario: " + json_quoted(scenario.name) + "\n";
  const std::string options = options_of(scenario.settings);
  if (!options.empty()) text += "options: { " + options + " }\n";
  text += "steps:\n";
  for (const Step& step : scenario.steps) text += step_line(step);
  return text;
}

}  // namespace lockstep::explore
