#include "scenarios/nearest.h"

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <utility>

namespace lockstep::scenario {

namespace {

using nlohmann::json;

// Names and values, repeats included: {"event", "order placed"}.
using Facts = std::vector<std::pair<std::string, std::string>>;

// Of a value that is not short, this much is quoted.
constexpr std::size_t kMostQuoted = 60;

bool same_name(std::string_view one, std::string_view other) {
  return std::equal(one.begin(), one.end(), other.begin(), other.end(), [](char a, char b) {
    return std::tolower(static_cast<unsigned char>(a)) ==
           std::tolower(static_cast<unsigned char>(b));
  });
}

void collect(const std::string& name, const json& value, Facts& facts) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) collect(key, member, facts);
  } else if (value.is_array()) {
    for (const json& item : value) collect(name, item, facts);
  } else {
    facts.emplace_back(name, value.is_string() ? value.get<std::string>() : value.dump());
  }
}

Facts facts_of(const Candidate& request) {
  Facts facts{{"path", request.path}};
  for (const auto& [name, value] : request.headers) facts.emplace_back(name, value);
  if (request.body != nullptr) collect("", *request.body, facts);
  return facts;
}

// The texts among the parameters: numbers are counts and places, which any request may have.
void collect(const Node& params, std::vector<std::string>& texts) {
  if (params.is(Node::Kind::text) && !params.text().empty()) texts.push_back(params.text());
  for (const Node& item : params.items()) collect(item, texts);
  for (const Node::Entry& entry : params.entries()) collect(entry.value, texts);
}

struct Match {
  std::vector<std::string> has;
  std::vector<std::pair<std::string, std::string>> named;  // names it has, and their values
  std::vector<std::string> lacks;
};

Match match(const std::vector<std::string>& wanted, const Facts& facts) {
  Match match;
  for (const std::string& text : wanted) {
    const auto by_value = std::find_if(facts.begin(), facts.end(),
                                       [&](const auto& fact) { return fact.second == text; });
    const auto by_name = std::find_if(
        facts.begin(), facts.end(), [&](const auto& fact) { return same_name(fact.first, text); });
    if (by_value != facts.end()) {
      match.has.push_back(text);
    } else if (by_name != facts.end()) {
      match.named.push_back(*by_name);
    } else {
      match.lacks.push_back(text);
    }
  }
  return match;
}

std::string quoted(const std::string& text) {
  return json_quoted(text.size() <= kMostQuoted ? text : text.substr(0, kMostQuoted) + "...");
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + quoted(text);
  return out;
}

std::string describe(const Candidate& request, const Match& match) {
  std::string out = request.line + "\n";
  std::string separator;
  if (!match.has.empty()) {
    out += "has " + joined(match.has);
    separator = "; ";
  }
  for (const auto& [name, value] : match.named) {
    out += std::exchange(separator, "; ") + name + " is " + quoted(value);
  }
  if (!match.lacks.empty()) out += "; lacks " + joined(match.lacks);
  return out;
}

}  // namespace

std::string nearest(const Node& params, const std::vector<Candidate>& requests) {
  std::vector<std::string> wanted;
  collect(params, wanted);
  const Candidate* best = nullptr;
  Match best_match;
  const auto score = [](const Match& match) { return match.has.size() + match.named.size(); };
  for (const Candidate& request : requests) {
    Match one = match(wanted, facts_of(request));
    if (score(one) <= score(best_match)) continue;
    best = &request;
    best_match = std::move(one);
  }
  const bool everything = best_match.lacks.empty() && best_match.named.empty();
  return best == nullptr || everything ? std::string() : describe(*best, best_match);
}

}  // namespace lockstep::scenario
