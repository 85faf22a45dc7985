#include "tests/openfeature/gherkin.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace lockstep::gherkin {

namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

Row cells(const std::string& line) {
  Row row;
  std::stringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) row.push_back(trimmed(cell));
  return row;
}

std::string filled(std::string text, const Row& names, const Row& values) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::string hole = "<" + names[i] + ">";
    for (auto at = text.find(hole); at != std::string::npos; at = text.find(hole)) {
      text.replace(at, hole.size(), values.at(i));
    }
  }
  return text;
}

struct Examples {
  std::vector<std::string> tags;
  std::vector<Row> rows;
};

struct Outline {
  Scenario scenario;
  std::vector<Examples> examples;
};

class Parser {
 public:
  std::vector<Scenario> parse(std::string_view text) {
    std::istringstream in{std::string(text)};
    for (std::string line; std::getline(in, line);) take(trimmed(line));
    end_scenario();
    return std::move(done_);
  }

 private:
  enum class Part { feature, background, scenario, examples };

  void take(const std::string& line) {
    if (line.empty() || line[0] == '#') return;
    if (line[0] == '@') return take_tags(line);
    if (line[0] == '|') return take_row(line);
    const auto begins = [&](std::string_view word) { return line.starts_with(word); };
    if (begins("Feature:")) {
      feature_tags_ = std::exchange(tags_, {});
    } else if (begins("Background:")) {
      part_ = Part::background;
    } else if (begins("Scenario:") || begins("Scenario Outline:")) {
      end_scenario();
      current_.scenario.name = trimmed(line.substr(line.find(':') + 1));
      current_.scenario.tags = feature_tags_;
      add_tags(current_.scenario.tags);
      part_ = Part::scenario;
    } else if (begins("Examples:")) {
      current_.examples.emplace_back();
      add_tags(current_.examples.back().tags);
      part_ = Part::examples;
    } else {
      take_step(line);
    }
  }

  void take_tags(const std::string& line) {
    std::istringstream in(line);
    for (std::string tag; in >> tag;) tags_.push_back(tag);
  }

  void add_tags(std::vector<std::string>& to) {
    to.insert(to.end(), tags_.begin(), tags_.end());
    tags_.clear();
  }

  void take_row(const std::string& line) {
    if (part_ == Part::examples) {
      current_.examples.back().rows.push_back(cells(line));
    } else {
      steps().back().table.push_back(cells(line));
    }
  }

  void take_step(const std::string& line) {
    for (const char* word : {"Given ", "When ", "Then ", "And ", "But "}) {
      if (!line.starts_with(word)) continue;
      steps().push_back({trimmed(line.substr(std::string_view(word).size())), {}});
      return;
    }
    if (part_ != Part::feature) throw std::runtime_error("no Gherkin: " + line);
  }

  std::vector<Step>& steps() {
    return part_ == Part::background ? background_ : current_.scenario.steps;
  }

  void end_scenario() {
    if (!current_.scenario.name.empty()) {
      auto& steps = current_.scenario.steps;
      steps.insert(steps.begin(), background_.begin(), background_.end());
      if (current_.examples.empty()) done_.push_back(current_.scenario);
      for (const Examples& examples : current_.examples) fill(examples);
    }
    current_ = {};
  }

  void fill(const Examples& examples) {
    const Row& names = examples.rows.at(0);
    for (std::size_t i = 1; i < examples.rows.size(); ++i) {
      Scenario scenario = current_.scenario;
      scenario.tags.insert(scenario.tags.end(), examples.tags.begin(), examples.tags.end());
      for (const std::string& cell : examples.rows[i]) scenario.name += " | " + cell;
      for (Step& step : scenario.steps) {
        step.text = filled(step.text, names, examples.rows[i]);
        for (Row& row : step.table) {
          for (std::string& cell : row) cell = filled(cell, names, examples.rows[i]);
        }
      }
      done_.push_back(std::move(scenario));
    }
  }

  Part part_ = Part::feature;
  std::vector<std::string> tags_;
  std::vector<std::string> feature_tags_;
  std::vector<Step> background_;
  Outline current_;
  std::vector<Scenario> done_;
};

}  // namespace

bool Scenario::has_tag(std::string_view tag) const {
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

std::vector<Scenario> parse(std::string_view text) { return Parser().parse(text); }

}  // namespace lockstep::gherkin
