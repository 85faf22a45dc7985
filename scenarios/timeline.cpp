#include "scenarios/timeline.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "scenarios/node.h"
#include "scenarios/report_parts.h"
#include "scenarios/spans.h"
#include "scenarios/timeline/page.h"

namespace lockstep::scenario {

namespace {

// Of a mark that stands for many entries, this many are in the page.
constexpr std::size_t kMostEntries = 20;

// JSON inside a <script> element: only what could end the element, or open a comment in it, has to
// go, and all of that begins with "<". In JSON it can only stand in a string.
std::string in_script(const std::string& json) {
  std::string out;
  out.reserve(json.size());
  for (const char c : json) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

std::string data_element(const std::string& id, const std::string& json) {
  return "<script type=\"application/json\" id=\"" + id + "\">" + in_script(json) + "</script>\n";
}

std::string nanoseconds(Duration time) { return std::to_string(time.count()); }
std::string nanoseconds(Instant at) { return nanoseconds(at.time_since_epoch()); }

// {"a":1,"b":2} from the names and the JSON of the values.
class Object {
 public:
  Object& add(std::string_view name, const std::string& json) {
    text_ += (text_.empty() ? "" : ",") + json_quoted(name) + ":" + json;
    return *this;
  }
  Object& text(std::string_view name, std::string_view value) {
    return add(name, json_quoted(value));
  }
  Object& number(std::string_view name, std::size_t value) {
    return add(name, std::to_string(value));
  }
  std::string json() const { return "{" + text_ + "}"; }

 private:
  std::string text_;
};

std::string list(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ",") + item;
  return "[" + out + "]";
}

// Each text once; what refers to it has its place.
class Strings {
 public:
  std::string place(std::string_view text) {
    const auto [found, fresh] = places_.try_emplace(std::string(text), quoted_.size());
    if (fresh) quoted_.push_back(json_quoted(text));
    return std::to_string(found->second);
  }
  std::string json() const { return list(quoted_); }

 private:
  std::map<std::string, std::size_t> places_;
  std::vector<std::string> quoted_;
};

std::string failure_of(const Result& result) {
  const FailedStep& failed = *result.failed;
  return Object()
      .text("where", place(result) + ": " + failed_step(result))
      .text("expected", failed.failure.expected)
      .text("seen", failed.failure.seen)
      .text("nearest", result.nearest)
      .json();
}

// What page.js unpacks: entries and spans as lists of numbers, most of them places of strings.
class Packer {
 public:
  explicit Packer(const Result& result) : result_(result), spans_(spans_of(result)) {}

  std::string pack() {
    const std::string entries = pack_entries();
    std::vector<std::string> spans;
    for (const Span& span : spans_.spans) spans.push_back(pack(span));
    std::vector<std::string> clients;
    for (const std::string& client : spans_.clients) clients.push_back(json_quoted(client));
    Object out;
    out.text("place", result_.file + ":" + std::to_string(result_.at.line))
        .number("steps", result_.steps)
        .add("real", nanoseconds(result_.real_time))
        .text("replay", result_.replay)
        .add("clients", list(clients))
        .add("entries", entries)
        .number("omitted", result_.entries.size() - kept_.size())
        .add("spans", list(spans))
        .add("strings", strings_.json());
    if (!result_.skipped.empty()) out.text("skipped", result_.skipped);
    if (result_.failed) out.add("failure", failure_of(result_));
    return out.json();
  }

 private:
  // All entries but those that only repeat what a mark shows already.
  std::string pack_entries() {
    std::set<std::size_t> repeats;
    for (const Span& span : spans_.spans) {
      for (std::size_t i = kMostEntries; i < span.entries.size(); ++i)
        repeats.insert(span.entries[i]);
    }
    std::vector<std::string> entries;
    for (std::size_t i = 0; i < result_.entries.size(); ++i) {
      if (repeats.contains(i)) continue;
      kept_.emplace(i, kept_.size());
      const TraceEntry& entry = result_.entries[i];
      std::vector<std::string> packed{std::to_string(entry.number), nanoseconds(entry.at),
                                      strings_.place(entry.label)};
      for (const auto& [name, value] : entry.fields) {
        packed.push_back(strings_.place(name));
        packed.push_back(strings_.place(value));
      }
      entries.push_back(list(packed));
    }
    return list(entries);
  }

  std::string pack(const Span& span) {
    std::vector<std::string> own;
    for (std::size_t i = 0; i < span.entries.size() && i < kMostEntries; ++i)
      own.push_back(std::to_string(kept_.at(span.entries[i])));
    return list({strings_.place(to_string(span.track)), std::to_string(span.client),
                 std::to_string(span.row), nanoseconds(span.from), nanoseconds(span.to),
                 span.open ? "1" : "0", strings_.place(span.kind), strings_.place(span.title),
                 strings_.place(to_string(span.tone)), std::to_string(span.count),
                 std::to_string(span.entries.size()), span.link ? std::to_string(*span.link) : "-1",
                 list(own)});
  }

  const Result& result_;
  const Spans spans_;
  Strings strings_;
  std::map<std::size_t, std::size_t> kept_;  // entries of the trace, by their place in the page
};

std::string verdict(const Result& result) {
  if (!result.skipped.empty()) return "skipped";
  return result.failed ? "fail" : "pass";
}

// What the page's address has after "#". Names repeat where one test ran against several targets.
std::string unused_key(const Result& result, std::set<std::string>& used) {
  const std::string name =
      result.target.empty() ? result.name : result.name + " (" + result.target + ")";
  std::string key = name;
  for (std::size_t i = 2; !used.insert(key).second; ++i)
    key = name + " (" + std::to_string(i) + ")";
  return key;
}

std::string run_json(const Run& run) {
  std::vector<std::string> scenarios;
  std::set<std::string> used;
  for (const Suite& suite : suites_of(run)) {
    for (const Result* result : suite.results) {
      scenarios.push_back(Object()
                              .number("id", static_cast<std::size_t>(result - run.results.data()))
                              .text("key", unused_key(*result, used))
                              .text("name", result->name)
                              .text("suite", suite.title())
                              .text("verdict", verdict(*result))
                              .add("virtual", nanoseconds(result->virtual_time))
                              .json());
    }
  }
  return Object()
      .number("passed", run.passed())
      .number("failed", run.failures())
      .number("skipped", run.skipped())
      .add("virtual", nanoseconds(run.virtual_time()))
      .add("real", nanoseconds(run.real_time()))
      .add("scenarios", list(scenarios))
      .json();
}

// Moves `rest` past the place, and returns what stands before it.
std::string_view up_to(std::string_view& rest, std::string_view place) {
  const std::string_view before = rest.substr(0, rest.find(place));
  rest.remove_prefix(before.size() + place.size());
  return before;
}

}  // namespace

std::string timeline(const Run& run) {
  std::string_view html = kPageHtml;
  std::string out(up_to(html, "<!--css-->"));
  out += kPageCss;
  out += up_to(html, "<!--data-->");
  out += data_element("run", run_json(run));
  for (std::size_t i = 0; i < run.results.size(); ++i)
    out += data_element("s" + std::to_string(i), Packer(run.results[i]).pack());
  out += up_to(html, "<!--js-->");
  out += kPageJs;
  out += html;
  return out;
}

}  // namespace lockstep::scenario
