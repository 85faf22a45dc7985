#include "scenarios/contract/contract.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "scenarios/contract/action.h"
#include "scenarios/schema.h"

namespace lockstep::contract {

using scenario::Field;
using scenario::Mark;
using scenario::Node;
using scenario::Problem;
using scenario::Type;

namespace {

namespace fs = std::filesystem;

// The suite's largest file has 70 kB. What is larger is no contract, and reading it to the end
// would cost memory and minutes.
constexpr std::uintmax_t kMostBytes = std::uintmax_t{8} << 20;
constexpr std::size_t kDeepestInclude = 16;

constexpr std::string_view kSdkTypes[] = {"server", "client"};

constexpr Field kSuite[] = {
    {"description", Type::text},
    {"requires", Type::any},
    {"categories", Type::object, true, "a map of categories"},
};
constexpr Field kCategory[] = {
    {"description", Type::text},
    {"tests", Type::list, true, "a list of tests"},
};
constexpr Field kTest[] = {
    {"name", Type::text, true, "the test's name"},
    {"description", Type::text},
    {"sdk_types", Type::texts, false, "of server and client", {}, kSdkTypes},
    {"requires", Type::any},
    {"steps", Type::list, true, "a list of steps"},
};
constexpr Field kStep[] = {
    {"action", Type::text, true, "the name of an action"},
    {"description", Type::text},
    {"params", Type::any},
};

class Loader {
 public:
  explicit Loader(Contract& out) : out_(out) {}

  void load(const std::string& path) {
    const std::optional<Node> root = read(path, Mark{1, 1, 0});
    if (!root || !out_.problems.empty()) return;
    const Node* suites = root->is(Node::Kind::map) ? root->find("test_suites") : nullptr;
    if (suites == nullptr || !suites->is(Node::Kind::map)) {
      const Node& found = suites == nullptr ? *root : *suites;
      report(found.at(), suites == nullptr ? "a file without \"test_suites\"" : found.describe(),
             "a map of suites under \"test_suites\"");
      return;
    }
    for (const Node::Entry& suite : suites->entries()) load_suite(suite);
    find_duplicates();
  }

 private:
  // The document in a file, with what it includes in place.
  std::optional<Node> read(const std::string& path, Mark asked_at) {
    const auto complain = [&](std::string found) {
      const bool is_first = files_.empty();
      out_.problems.push_back({is_first ? path : files_[static_cast<std::size_t>(asked_at.file)],
                               asked_at, std::move(found),
                               "a contract file" + (is_first ? "" : " in place of " + path)});
      return std::nullopt;
    };
    std::error_code error;
    if (!fs::exists(path, error)) return complain("no such file");
    if (!fs::is_regular_file(path, error)) return complain("what is no regular file");
    const std::uintmax_t size = fs::file_size(path, error);
    if (error || size > kMostBytes) {
      return complain("a file of " + std::to_string(size) + " bytes, more than the " +
                      std::to_string(kMostBytes) + " that are read");
    }
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    if (!stream) return complain("a file that cannot be read");
    files_.push_back(path);
    const int index = static_cast<int>(files_.size()) - 1;
    Node root = scenario::parse_yaml(text, path, out_.problems, index);
    if (root.at().line == 0) root = Node::map(Mark{1, 1, index});
    including_.push_back(fs::weakly_canonical(path).string());
    resolve_includes(root);
    including_.pop_back();
    return root;
  }

  void resolve_includes(Node& node) {
    for (Node& item : node.items()) resolve_includes(item);
    for (Node::Entry& entry : node.entries()) resolve_includes(entry.value);
    if (!node.is(Node::Kind::include)) return;
    const std::string& from = files_[static_cast<std::size_t>(node.at().file)];
    const std::string path = (fs::path(from).parent_path() / node.text()).string();
    const std::string canonical = fs::weakly_canonical(path).string();
    const bool is_circle =
        std::find(including_.begin(), including_.end(), canonical) != including_.end();
    if (is_circle || including_.size() >= kDeepestInclude) {
      report(node.at(), node.describe(),
             is_circle ? "a file that does not include itself" : "fewer files within files");
      return;
    }
    if (auto included = read(path, node.at())) node = *std::move(included);
  }

  void report(Mark at, std::string found, std::string expected) {
    out_.problems.push_back(
        {files_[static_cast<std::size_t>(at.file)], at, std::move(found), std::move(expected)});
  }

  // Whether the map is as the fields say.
  bool check(const Node& map, std::span<const Field> fields, const std::string& owner, Mark at) {
    std::vector<Problem> found;
    scenario::check_fields(map, fields, owner, at, {}, found);
    for (Problem& one : found) report(one.at, std::move(one.found), std::move(one.expected));
    return found.empty();
  }

  void load_suite(const Node::Entry& suite) {
    const std::string owner = "the suite \"" + suite.key + "\"";
    if (!check(suite.value, kSuite, owner, suite.at)) return;
    if (!suite.value.is(Node::Kind::map)) {
      report(suite.at, suite.value.describe(), "a map with the fields of " + owner);
      return;
    }
    out_.suites.push_back(suite.key);
    const std::vector<std::string> needed = requirements(suite.value);
    for (const Node::Entry& category : suite.value.find("categories")->entries()) {
      const std::string name = "the category \"" + category.key + "\"";
      if (!check(category.value, kCategory, name, category.at)) continue;
      const Node* tests = category.value.find("tests");
      if (tests == nullptr) {
        report(category.at, category.value.describe(), "a map with the fields of " + name);
        continue;
      }
      for (const Node& test : tests->items()) load_test(test, suite.key, category.key, needed);
    }
  }

  void load_test(const Node& node, const std::string& suite, const std::string& category,
                 const std::vector<std::string>& suite_needs) {
    if (!check(node, kTest, "the test", node.at())) return;
    if (!node.is(Node::Kind::map)) {
      report(node.at(), node.describe(), "a test");
      return;
    }
    Test test;
    test.suite = suite;
    test.category = category;
    test.name = node.find("name")->text();
    if (const Node* text = node.find("description")) test.description = text->text();
    test.file = files_[static_cast<std::size_t>(node.at().file)];
    test.at = node.at();
    test.requirements = suite_needs;
    for (std::string& need : requirements(node)) test.requirements.push_back(std::move(need));
    if (node.find("sdk_types") != nullptr)
      test.sdk_types = scenario::Params(node).texts("sdk_types");
    for (const Node& step : node.find("steps")->items()) add_step(step, test);
    out_.tests.push_back(std::move(test));
  }

  // "requires": one capability, or a list of them.
  std::vector<std::string> requirements(const Node& node) {
    const Node* needs = node.find("requires");
    if (needs == nullptr || needs->is(Node::Kind::null)) return {};
    if (needs->is(Node::Kind::text)) return {needs->text()};
    std::vector<std::string> names;
    const bool all_texts =
        needs->is(Node::Kind::list) &&
        std::all_of(needs->items().begin(), needs->items().end(), [&](const Node& item) {
          names.push_back(item.text());
          return item.is(Node::Kind::text);
        });
    if (!all_texts) report(needs->at(), needs->describe(), "a capability, or a list of them");
    return names;
  }

  void add_step(const Node& node, Test& test) {
    if (!check(node, kStep, "the step", node.at())) return;
    const Node* name = node.find("action");
    if (name == nullptr) {
      report(node.at(), node.describe(), "a step");
      return;
    }
    const Action* action = find_action(name->text());
    if (action == nullptr) {
      report(name->at(), "the action \"" + name->text() + "\"", "an action of the contract");
      return;
    }
    Step step{action, Node::map(node.at()), node.at()};
    const Node* params = node.find("params");
    if (params != nullptr && !params->is(Node::Kind::null)) step.params = *params;
    const bool is_right =
        check(step.params, action->fields, "action \"" + name->text() + "\"", node.at());
    if (is_right && action->check != nullptr) {
      if (auto complaint = action->check(step.params)) {
        report(complaint->at, std::move(complaint->found), std::move(complaint->expected));
      }
    }
    test.steps.push_back(std::move(step));
  }

  void find_duplicates() {
    std::set<std::string> seen;
    for (const Test& test : out_.tests) {
      if (seen.insert(test.full_name()).second) continue;
      report(test.at, "a second test \"" + test.full_name() + "\"", "a name of its own");
    }
  }

  Contract& out_;
  std::vector<std::string> files_;      // that were read; a Mark::file is an index into it
  std::vector<std::string> including_;  // those that are being read, outermost first
};

}  // namespace

bool Test::is_for(std::string_view sdk_type) const {
  return sdk_types.empty() ||
         std::find(sdk_types.begin(), sdk_types.end(), sdk_type) != sdk_types.end();
}

std::string Test::missing(const std::set<std::string>& capabilities) const {
  for (const std::string& need : requirements) {
    if (!capabilities.contains(need)) return need;
  }
  return {};
}

Contract load(const std::string& path) {
  Contract contract;
  Loader(contract).load(path);
  return contract;
}

}  // namespace lockstep::contract
