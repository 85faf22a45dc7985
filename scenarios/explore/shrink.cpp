#include "scenarios/explore/shrink.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "scenarios/action.h"
#include "scenarios/schema.h"

namespace lockstep::explore {

using scenario::Node;
using scenario::Problem;
using scenario::Scenario;
using scenario::Settings;
using scenario::Step;

namespace {

bool is_valid(const Step& step, const Settings& settings) {
  std::vector<Problem> problems;
  scenario::check_fields(step.params, step.action->fields, "", {}, "", problems);
  if (!problems.empty()) return false;
  return step.action->check == nullptr || !step.action->check(step.params, settings);
}

// The places of a tree of parameters, in a fixed order: a path is the way down by index.
using Path = std::vector<std::size_t>;

std::size_t children(const Node& node) { return node.items().size() + node.entries().size(); }

Node& child(Node& node, std::size_t index) {
  return index < node.items().size() ? node.items()[index]
                                     : node.entries()[index - node.items().size()].value;
}

void collect(Node& node, const Path& path, std::vector<Path>& out) {
  for (std::size_t i = 0; i < children(node); ++i) {
    Path below = path;
    below.push_back(i);
    out.push_back(below);
    collect(child(node, i), below, out);
  }
}

Node* find(Node& root, const Path& path) {
  Node* node = &root;
  for (const std::size_t index : path) {
    if (index >= children(*node)) return nullptr;
    node = &child(*node, index);
  }
  return node;
}

void remove(Node& root, Path path) {
  const std::size_t index = path.back();
  path.pop_back();
  Node& parent = *find(root, path);
  if (index < parent.items().size()) {
    parent.items().erase(parent.items().begin() + static_cast<std::ptrdiff_t>(index));
  } else {
    const auto at = static_cast<std::ptrdiff_t>(index - parent.items().size());
    parent.entries().erase(parent.entries().begin() + at);
  }
}

// Simpler values for one, the simplest first.
std::vector<Node> simpler(const Node& node) {
  std::vector<Node> out;
  if (node.is(Node::Kind::integer)) {
    const std::int64_t value = node.integer();
    for (const std::int64_t less : {std::int64_t{0}, std::int64_t{1}, value / 2, value - 1}) {
      if (less < value && less >= 0) out.push_back(Node::plain(std::to_string(less), {}));
    }
  } else if (node.is(Node::Kind::text)) {
    const auto value = scenario::parse_duration(node.text());
    if (!value || *value <= Duration{0}) return out;
    for (const Duration less :
         {Duration{0}, Duration{std::chrono::seconds{1}},
          Duration{std::chrono::floor<std::chrono::seconds>(*value)},
          Duration{std::chrono::floor<std::chrono::milliseconds>(*value / 2)}}) {
      if (less < *value) out.push_back(Node::quoted(scenario::to_text(less), {}));
    }
  }
  return out;
}

class Shrinker {
 public:
  Shrinker(Scenario failing, const std::function<bool(const Scenario&)>& fails, std::size_t limit)
      : best_(std::move(failing)), fails_(fails), limit_(limit) {}

  Shrunk run() {
    bool smaller = true;
    while (smaller && runs_ < limit_) {
      smaller = remove_steps();
      smaller = reduce_settings() || smaller;
      for (std::size_t i = 0; i < best_.steps.size(); ++i) smaller = reduce_step(i) || smaller;
    }
    return {std::move(best_), runs_, runs_ < limit_};
  }

 private:
  // Keeps the candidate where it still fails.
  bool accept(Scenario candidate) {
    if (runs_ >= limit_) return false;
    ++runs_;
    if (!fails_(candidate)) return false;
    best_ = std::move(candidate);
    return true;
  }

  // Half of the steps, a quarter, ... one at a time; from the end, where most are of no
  // consequence.
  bool remove_steps() {
    bool any = false;
    for (std::size_t chunk = std::max<std::size_t>(best_.steps.size() / 2, 1); chunk > 0;
         chunk /= 2) {
      for (std::size_t end = best_.steps.size(); end > 0;) {
        const std::size_t begin = end > chunk ? end - chunk : 0;
        Scenario candidate = best_;
        candidate.steps.erase(candidate.steps.begin() + static_cast<std::ptrdiff_t>(begin),
                              candidate.steps.begin() + static_cast<std::ptrdiff_t>(end));
        any = accept(std::move(candidate)) || any;
        end = begin;
      }
    }
    return any;
  }

  bool reduce_settings() {
    bool any = false;
    const auto attempt = [&](auto change) {
      Scenario candidate = best_;
      change(candidate.settings);
      if (candidate.settings == best_.settings) return;
      any = accept(std::move(candidate)) || any;
    };
    const Settings plain;
    attempt([&](Settings& settings) { settings.compression = plain.compression; });
    attempt([&](Settings& settings) { settings.capture = plain.capture; });
    attempt([&](Settings& settings) { settings.latency = plain.latency; });
    attempt([&](Settings& settings) { settings.seed.reset(); });
    return any;
  }

  bool reduce_step(std::size_t index) {
    const bool removed = remove_parts(index);
    return simplify_values(index) || removed;
  }

  bool try_params(std::size_t index, Node params) {
    Scenario candidate = best_;
    candidate.steps[index].params = std::move(params);
    return is_valid(candidate.steps[index], candidate.settings) && accept(std::move(candidate));
  }

  // Deeper places come later; from the end, so that removing one leaves the others in place.
  bool remove_parts(std::size_t index) {
    bool any = false;
    std::vector<Path> places;
    collect(best_.steps[index].params, {}, places);
    for (auto place = places.rbegin(); place != places.rend(); ++place) {
      Node params = best_.steps[index].params;
      if (find(params, *place) == nullptr) continue;
      remove(params, *place);
      any = try_params(index, std::move(params)) || any;
    }
    return any;
  }

  bool simplify_values(std::size_t index) {
    bool any = false;
    std::vector<Path> places;
    collect(best_.steps[index].params, {}, places);
    for (const Path& place : places) {
      for (const Node& value : simpler(*find(best_.steps[index].params, place))) {
        Node params = best_.steps[index].params;
        *find(params, place) = value;
        if (!try_params(index, std::move(params))) continue;
        any = true;
        break;
      }
    }
    return any;
  }

  Scenario best_;
  const std::function<bool(const Scenario&)>& fails_;
  const std::size_t limit_;
  std::size_t runs_ = 0;
};

}  // namespace

bool same_failure(const scenario::Result& one, const scenario::Result& other) {
  return one.failed && other.failed && one.failed->action == other.failed->action;
}

Shrunk shrink(const Scenario& failing, const std::function<bool(const Scenario&)>& fails,
              std::size_t limit) {
  return Shrinker(failing, fails, limit).run();
}

}  // namespace lockstep::explore
