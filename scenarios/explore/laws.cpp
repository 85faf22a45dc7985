#include "scenarios/explore/laws.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clock/timestamp.h"
#include "clock/trace.h"
#include "clock/virtual_clock.h"
#include "scenarios/action.h"
#include "scenarios/explore/params.h"
#include "scenarios/schema.h"

namespace lockstep::explore {

using scenario::Epoch;
using scenario::FailedStep;
using scenario::Node;
using scenario::Result;
using scenario::Scenario;
using scenario::Step;

namespace {

constexpr int kPieces = 3;

// Of no common measure with anything that is waited for; of the wall whole seconds, because a date
// in a header has no smaller part.
constexpr Epoch kLater{std::chrono::hours{24 * 1143} + Duration{4'567'890'123'457},
                       std::chrono::hours{24 * 1234} + std::chrono::seconds{18'367}};

Result traced(const Scenario& scenario, std::uint64_t seed, const Epoch& epoch = {}) {
  scenario::RunOptions options;
  options.seed = seed;
  options.epoch = epoch;
  options.keep_trace = true;
  // Who leaves the trace of a run that the oracles have watched would show them nothing else.
  options.is_watched = false;
  return scenario::run(scenario, options);
}

// What happened, without the steps that made it happen.
std::vector<TraceEntry> behaviour(const Result& result) {
  Trace trace;
  for (const TraceEntry& entry : result.entries) {
    if (entry.label == "step") continue;
    std::string all;
    for (const auto& [name, value] : entry.fields) {
      all.append(name).append("=").append(value).append(" ");
    }
    trace.record(entry.at, entry.label, {{"fields", all}});
  }
  return trace.entries();
}

// Waits of one go become waits in pieces; every piece ends at another instant than the SDK's own.
Scenario in_pieces(const Scenario& scenario) {
  Scenario pieces = scenario;
  pieces.steps.clear();
  for (const Step& step : scenario.steps) {
    if (step.action->name != "advance") {
      pieces.steps.push_back(step);
      continue;
    }
    const Duration whole = scenario::Params(step.params).duration("by");
    Duration left = whole;
    for (int i = 1; i < kPieces; ++i) {
      Step piece = step;
      piece.params = Params().with("by", duration(whole / kPieces)).node();
      left -= whole / kPieces;
      pieces.steps.push_back(std::move(piece));
    }
    Step rest = step;
    rest.params = Params().with("by", duration(left)).node();
    pieces.steps.push_back(std::move(rest));
  }
  return pieces;
}

// Farther ahead than any run comes.
constexpr Duration kFar = std::chrono::hours{24 * 365 * 100};

// The shortest form of a date in a header, that of asctime (RFC 9110 section 5.6.7).
constexpr std::size_t kShortestDate = 24;

// A date in a header; nothing where it is none, or one that no clock will ever show.
std::optional<WallTime> date_of(std::string_view text) {
  if (text.size() < kShortestDate) return std::nullopt;
  const auto date = parse_http_date(text, VirtualClock::kDefaultStart);
  return date && *date - VirtualClock::kDefaultStart < kFar ? date : std::nullopt;
}

void move_dates(Node& node, Duration by) {
  if (node.is(Node::Kind::text)) {
    if (const auto date = date_of(node.text())) {
      node = Node::quoted(to_http_date(*date + by), node.at());
    }
  }
  for (Node& item : node.items()) move_dates(item, by);
  for (Node::Entry& entry : node.entries()) move_dates(entry.value, by);
}

// The dates that the server's headers name lie as far ahead as they did.
Scenario begun_later(const Scenario& scenario) {
  Scenario later = scenario;
  for (Step& step : later.steps) move_dates(step.params, kLater.wall);
  return later;
}

// A check may name an instant, which a clock that began later never shows. The explorer's name
// none.
bool may_begin_later(const Scenario& scenario) {
  return std::none_of(scenario.steps.begin(), scenario.steps.end(), [](const Step& step) {
    const std::string_view name = step.action->name;
    return name.starts_with("assert_") && name.find("_converge") == std::string_view::npos;
  });
}

// A trace as it would be on clocks that began at zero. What has the wall time somewhere inside is
// left out (digests of bodies; their sizes where they are compressed) or counted (uuids).
class FromZero {
 public:
  FromZero(const Epoch& epoch, Compression compression)
      : epoch_(epoch), compression_(compression) {}

  std::vector<TraceEntry> of(const Result& result) {
    Trace trace;
    std::vector<std::string> texts;
    std::vector<TraceField> fields;
    for (const TraceEntry& entry : result.entries) {
      texts.clear();
      for (const auto& [name, value] : entry.fields) texts.push_back(text(name, value));
      // A timer for the end of time is set by nobody who is there already.
      if (entry.label == "timer" && texts.back() == "never") continue;
      fields.clear();
      for (std::size_t i = 0; i < texts.size(); ++i) {
        fields.push_back({entry.fields[i].first, texts[i]});
      }
      trace.record({entry.at - epoch_.monotonic, entry.label, 0, fields});
    }
    return trace.entries();
  }

 private:
  std::string text(std::string_view name, const std::string& value) {
    if (name == "body" || (name == "bytes" && compression_ != Compression::none)) return {};
    if (name == "uuid") return std::to_string(uuids_.emplace(value, uuids_.size()).first->second);
    if ((name == "deadline" || name == "until") && value != "never") {
      // What lies so far ahead is held at the end of time, which comes earlier for who began later.
      const Duration since = nanoseconds(value) - epoch_.monotonic;
      return since > kFar ? "never" : to_seconds(since);
    }
    const auto date = date_of(value);
    return date ? to_http_date(*date - epoch_.wall) : value;
  }

  // Of what to_seconds wrote.
  static Duration nanoseconds(std::string digits) {
    std::erase(digits, '.');
    return Duration{std::stoll(digits)};
  }

  const Epoch epoch_;
  const Compression compression_;
  std::map<std::string, std::size_t> uuids_;
};

}  // namespace

std::optional<FailedStep> broken_law(const Scenario& scenario, const Result& first) {
  const std::uint64_t seed = scenario.settings.seed.value_or(1);
  const Result again = traced(scenario, seed);
  if (again.digest != first.digest) {
    return FailedStep{
        0, "the same run leaves the same trace", scenario.at, {"the same trace", "another digest"}};
  }
  const Result pieces = traced(in_pieces(scenario), seed);
  if (const auto parted = first_divergence(behaviour(again), behaviour(pieces))) {
    return FailedStep{
        0, "time has no grain", scenario.at, {"the same behaviour with waits in pieces", *parted}};
  }
  if (!may_begin_later(scenario)) return std::nullopt;
  const Result later = traced(begun_later(scenario), seed, kLater);
  const Compression compression = scenario.settings.compression;
  const std::vector<TraceEntry> from_zero = FromZero({}, compression).of(again);
  if (const auto parted = first_divergence(from_zero, FromZero(kLater, compression).of(later))) {
    return FailedStep{
        0, "time has no beginning", scenario.at, {"the same behaviour years later", *parted}};
  }
  return std::nullopt;
}

}  // namespace lockstep::explore
