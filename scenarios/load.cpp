#include "scenarios/load.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "scenarios/action.h"
#include "scenarios/schema.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCompressionWords[] = {"none", "gzip", "deflate", "br", "zstd"};

constexpr Field kSettings[] = {
    {"seed", Type::integer, false, "a whole number"},
    {"capture", Type::word, false, "the protocol", {}, kCaptureNames},
    {"compression", Type::word, false, "a codec", {}, kCompressionWords},
    {"strict", Type::boolean, false, "whether breaches of the protocol fail the scenario"},
    {"latency", Type::duration, false, "each way"},
    {"canary", Type::boolean, false, "whether an oracle that is wrong watches too"},
};

constexpr Field kFile[] = {
    {"description", Type::text},
    {"options", Type::object, false, "see kSettings", kSettings},
    {"scenarios", Type::list, true, "a list of scenarios"},
};

constexpr Field kScenario[] = {
    {"scenario", Type::text, true, "the scenario's name, a sentence"},
    {"description", Type::text},
    {"options", Type::object, false, "see kSettings", kSettings},
    {"for_each", Type::any},
    {"steps", Type::list, true, "a list of steps"},
};

constexpr Field kStep[] = {
    {"action", Type::text, true, "the name of an action"},
    {"client", Type::text},
    {"params", Type::any},
};

// A few more values in a few more lists are soon more than a machine can hold.
constexpr std::size_t kMostCombinations = 10'000;

using Bindings = std::map<std::string, const Node*>;

class Loader {
 public:
  Loader(const std::string& file, Catalogue& out) : file_(file), out_(out) {}

  void load(const std::string& text) {
    const std::size_t before = out_.problems.size();
    const Node root = parse_yaml(text, file_, out_.problems);
    if (out_.problems.size() != before) return;
    if (!root.is(Node::Kind::map)) {
      report(root.at().line == 0 ? Mark{1, 1} : root.at(), root.describe(),
             "a scenario, or a list of them under \"scenarios\"");
      return;
    }
    if (root.find("scenarios") == nullptr) {
      load_scenario(root, nullptr);
      return;
    }
    check_fields(root, kFile, "the file", root.at(), file_, out_.problems);
    const Node& list = *root.find("scenarios");
    if (list.is(Node::Kind::list) && list.items().empty()) {
      report(list.at(), list.describe(), "at least one scenario");
    }
    for (const Node& scenario : list.items()) load_scenario(scenario, root.find("options"));
  }

 private:
  // A problem in a scenario with a matrix would come once for each combination.
  void report(Mark at, std::string found, std::string expected) {
    Problem problem{file_, at, std::move(found), std::move(expected)};
    const auto text = problem.to_text();
    const bool known = std::any_of(out_.problems.begin(), out_.problems.end(),
                                   [&](const Problem& one) { return one.to_text() == text; });
    if (!known) out_.problems.push_back(std::move(problem));
  }

  void check(const Node& map, std::span<const Field> fields, const std::string& owner, Mark at) {
    std::vector<Problem> found;
    check_fields(map, fields, owner, at, file_, found);
    for (Problem& one : found) report(one.at, std::move(one.found), std::move(one.expected));
  }

  void load_scenario(const Node& node, const Node* shared_options) {
    if (!node.is(Node::Kind::map)) {
      report(node.at(), node.describe(), "a scenario");
      return;
    }
    std::vector<Bindings> rows{Bindings{}};
    if (const Node* matrix = node.find("for_each")) rows = combinations(*matrix);
    for (const Bindings& bindings : rows) {
      if (bindings.empty()) {
        build(node, node, shared_options);
      } else {
        build(substitute(node, bindings), node, shared_options);
      }
    }
  }

  std::vector<Bindings> combinations(const Node& matrix) {
    if (matrix.is(Node::Kind::list)) return listed(matrix);
    if (!matrix.is(Node::Kind::map) || matrix.entries().empty()) {
      report(matrix.at(), matrix.describe(), "lists of values by name, or a list of combinations");
      return {};
    }
    std::vector<Bindings> rows{Bindings{}};
    for (const Node::Entry& entry : matrix.entries()) {
      if (!entry.value.is(Node::Kind::list) || entry.value.items().empty()) {
        report(entry.value.at(), entry.value.describe(),
               "a list of values for \"" + entry.key + "\"");
        return {};
      }
      if (rows.size() * entry.value.items().size() > kMostCombinations) {
        report(matrix.at(), "a for_each of more combinations",
               "at most " + std::to_string(kMostCombinations));
        return {};
      }
      std::vector<Bindings> longer;
      for (const Bindings& row : rows) {
        for (const Node& value : entry.value.items()) {
          longer.push_back(row);
          longer.back()[entry.key] = &value;
        }
      }
      rows = std::move(longer);
    }
    return rows;
  }

  std::vector<Bindings> listed(const Node& matrix) {
    std::vector<Bindings> rows;
    for (const Node& item : matrix.items()) {
      if (!item.is(Node::Kind::map) || item.entries().empty()) {
        report(item.at(), item.describe(), "a map of values by name");
        continue;
      }
      Bindings row;
      for (const Node::Entry& entry : item.entries()) row[entry.key] = &entry.value;
      rows.push_back(std::move(row));
    }
    if (matrix.items().empty()) report(matrix.at(), matrix.describe(), "at least one combination");
    return rows;
  }

  Node substitute(const Node& node, const Bindings& bindings) {
    Node copy = node;
    substitute_in(copy, bindings);
    return copy;
  }

  void substitute_in(Node& node, const Bindings& bindings) {
    for (Node& item : node.items()) substitute_in(item, bindings);
    for (Node::Entry& entry : node.entries()) substitute_in(entry.value, bindings);
    if (!node.is(Node::Kind::text) || node.text().find("${") == std::string::npos) return;
    const std::string& text = node.text();
    if (text.starts_with("${") && text.find('}') == text.size() - 1) {
      if (const Node* value = bound(text.substr(2, text.size() - 3), node, bindings)) {
        node = value->moved_to(node.at());
      }
      return;
    }
    node = Node::quoted(filled(node, bindings), node.at());
  }

  std::string filled(const Node& node, const Bindings& bindings) {
    std::string out;
    std::string_view rest = node.text();
    for (auto at = rest.find("${"); at != std::string_view::npos; at = rest.find("${")) {
      const auto end = rest.find('}', at);
      if (end == std::string_view::npos) break;
      out += rest.substr(0, at);
      if (const Node* value =
              bound(std::string(rest.substr(at + 2, end - at - 2)), node, bindings)) {
        out += value->text();
      }
      rest.remove_prefix(end + 1);
    }
    return out + std::string(rest);
  }

  const Node* bound(const std::string& name, const Node& where, const Bindings& bindings) {
    const auto found = bindings.find(name);
    if (found != bindings.end()) return found->second;
    report(where.at(), "the placeholder ${" + name + "}", "a name of this scenario's for_each");
    return nullptr;
  }

  void build(const Node& node, const Node& original, const Node* shared_options) {
    check(node, kScenario, "the scenario", node.at());
    const Node* name = node.find("scenario");
    const Node* steps = node.find("steps");
    if (name == nullptr || steps == nullptr) return;
    if (name->is(Node::Kind::text) && name->text().empty()) {
      report(name->at(), "an empty text", "the scenario's name, a sentence");
    }
    Scenario scenario;
    scenario.name = name->text();
    scenario.file = file_;
    scenario.at = original.at();
    if (const Node* description = node.find("description")) {
      scenario.description = description->text();
    }
    if (shared_options != nullptr) read_settings(*shared_options, scenario.settings);
    if (const Node* options = node.find("options")) read_settings(*options, scenario.settings);
    if (steps->is(Node::Kind::list) && steps->items().empty()) {
      report(steps->at(), steps->describe(), "at least one step");
    }
    for (const Node& step : steps->items()) add_step(step, scenario);
    out_.scenarios.push_back(std::move(scenario));
  }

  // What is mistyped has been reported and is left at its default.
  static void read_settings(const Node& options, Settings& settings) {
    for (const Node::Entry& entry : options.entries()) {
      const Node& value = entry.value;
      if (entry.key == "seed") settings.seed = static_cast<std::uint64_t>(value.integer());
      if (entry.key == "capture")
        settings.capture = parse_capture(value.text()).value_or(Capture::v0);
      if (entry.key == "compression") {
        settings.compression = parse_compression(value.text()).value_or(Compression::none);
      }
      if (entry.key == "strict") settings.strict = value.boolean();
      if (entry.key == "canary") settings.canary = value.boolean();
      if (entry.key == "latency") {
        settings.latency = parse_duration(value.text()).value_or(settings.latency);
      }
    }
  }

  void add_step(const Node& node, Scenario& scenario) {
    check(node, kStep, "the step", node.at());
    const Node* name = node.find("action");
    if (name == nullptr) return;
    const Action* action = find_action(name->text());
    if (action == nullptr) {
      report(name->at(), "the action \"" + name->text() + "\"",
             "a known action" + nearest(name->text()));
      return;
    }
    const Node* params = node.find("params");
    Step step{action, std::string(World::kFirstClient), Node::map(node.at()), node.at()};
    if (params != nullptr && !params->is(Node::Kind::null)) step.params = *params;
    if (const Node* client = node.find("client")) step.client = client->text();
    const std::size_t before = out_.problems.size();
    check(step.params, action->fields, "action \"" + name->text() + "\"", node.at());
    if (action->check != nullptr && out_.problems.size() == before) {
      if (auto complaint = action->check(step.params, scenario.settings)) {
        report(complaint->at, std::move(complaint->found), std::move(complaint->expected));
      }
    }
    scenario.steps.push_back(std::move(step));
  }

  // A hint: the known action that shares the longest beginning with `name`.
  static std::string nearest(const std::string& name) {
    std::string_view best;
    std::ptrdiff_t shared = 2;  // less says nothing
    for (const Action* action : all_actions()) {
      const auto parted =
          std::mismatch(name.begin(), name.end(), action->name.begin(), action->name.end());
      if (parted.first - name.begin() > shared) {
        shared = parted.first - name.begin();
        best = action->name;
      }
    }
    return best.empty() ? "" : " (such as \"" + std::string(best) + "\")";
  }

  const std::string& file_;
  Catalogue& out_;
};

void find_duplicates(Catalogue& catalogue) {
  std::map<std::string_view, const Scenario*> seen;
  for (const Scenario& scenario : catalogue.scenarios) {
    const auto [first, is_new] = seen.emplace(scenario.name, &scenario);
    if (is_new) continue;
    catalogue.problems.push_back(
        {scenario.file, scenario.at, "a second scenario named \"" + scenario.name + "\"",
         "a name of its own (the first is at " + first->second->file + ":" +
             std::to_string(first->second->at.line) + "; a for_each must show in the name)"});
  }
}

std::vector<std::string> files_under(const std::string& path) {
  if (!fs::is_directory(path)) return {path};
  std::vector<std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file() && entry.path().extension() == ".yaml") {
      files.push_back(entry.path().string());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

Catalogue load_files(const std::vector<std::string>& paths) {
  Catalogue catalogue;
  for (const std::string& path : paths) {
    for (const std::string& file : files_under(path)) {
      std::ifstream stream(file, std::ios::binary);
      const std::string text{std::istreambuf_iterator<char>(stream), {}};
      if (!stream) {
        catalogue.problems.push_back({file, {1, 1}, "nothing", "a scenario file that can be read"});
        continue;
      }
      Loader(file, catalogue).load(text);
    }
  }
  find_duplicates(catalogue);
  return catalogue;
}

Catalogue load_text(const std::string& text, const std::string& file) {
  Catalogue catalogue;
  Loader(file, catalogue).load(text);
  find_duplicates(catalogue);
  return catalogue;
}

}  // namespace lockstep::scenario
