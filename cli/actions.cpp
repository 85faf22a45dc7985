// `lockstep actions`: the vocabulary of scenario files, straight from the tables that check them.
#include <CLI/CLI.hpp>
#include <iostream>
#include <string>

#include "cli/verbs.h"
#include "scenarios/action.h"

namespace lockstep::cli {

namespace {

std::string type_of(const scenario::Field& field) {
  switch (field.type) {
    case scenario::Type::any:
      return "anything";
    case scenario::Type::boolean:
      return "true or false";
    case scenario::Type::integer:
    case scenario::Type::count:
    case scenario::Type::size:
      return "whole number";
    case scenario::Type::signed_integer:
      return "whole number, or negative";
    case scenario::Type::number:
      return "number";
    case scenario::Type::text:
      return "text";
    case scenario::Type::scalar:
      return "text, number, true or false";
    case scenario::Type::duration:
      return "duration";
    case scenario::Type::signed_duration:
      return "duration, or negative";
    case scenario::Type::instant:
      return "date and time";
    case scenario::Type::object:
      return "map";
    case scenario::Type::list:
      return "list";
    case scenario::Type::texts:
      return "list of texts";
    case scenario::Type::word:
      break;
  }
  std::string words;
  for (const std::string_view word : field.words) {
    words += (words.empty() ? "" : ", ") + std::string(word);
  }
  return words;
}

void print_fields(std::span<const scenario::Field> fields, const std::string& indent) {
  for (const scenario::Field& field : fields) {
    std::cout << indent << "- `" << field.name << "` (" << type_of(field)
              << (field.required ? ", required)" : ")");
    if (!field.help.empty()) std::cout << ": " << field.help;
    std::cout << '\n';
    print_fields(field.fields, indent + "  ");
  }
}

void print_actions() {
  std::cout << "# Actions of scenario files\n\n"
               "Written by `bin/lockstep actions`; a test compares. Durations read \"1h30m\", "
               "\"250ms\".\n";
  for (const scenario::Action* action : scenario::all_actions()) {
    std::cout << "\n**" << action->name << "**: " << action->help << '\n';
    if (!action->fields.empty()) std::cout << '\n';
    print_fields(action->fields, "");
  }
}

}  // namespace

void add_actions(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand(
      "actions", "Print the actions of scenario files and their parameters, as Markdown.");
  verb->callback([&exit_code] {
    print_actions();
    exit_code = kPassed;
  });
}

}  // namespace lockstep::cli
