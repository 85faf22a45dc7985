#include "scenarios/spans.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>
#include <utility>

#include "scenarios/spans_read.h"

namespace lockstep::scenario {

namespace {

// A step lasts until the next one. Steps that took no time follow each other as one instant.
void add_steps(const Result& result, Spans& out) {
  std::vector<std::size_t> steps;
  for (std::size_t i = 0; i < result.entries.size(); ++i) {
    if (result.entries[i].label == "step") steps.push_back(i);
  }
  std::optional<std::size_t> instant;  // the span of the instants before
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const TraceEntry& entry = result.entries[steps[i]];
    const std::string number(trace_field(entry, "number"));
    Span span;
    span.kind = "step";
    span.title = number + " " + std::string(trace_field(entry, "action"));
    span.from = entry.at;
    span.to = i + 1 < steps.size() ? result.entries[steps[i + 1]].at : result.entries.back().at;
    span.entries = {steps[i]};
    const bool failed = result.failed && std::to_string(result.failed->number) == number;
    if (failed) span.tone = Tone::bad;
    const bool joins = span.from == span.to && !failed;
    if (joins && instant && out.spans[*instant].to == span.from) {
      ++out.spans[*instant].count;
      out.spans[*instant].entries.push_back(steps[i]);
      continue;
    }
    instant = joins ? std::optional(out.spans.size()) : std::nullopt;
    out.spans.push_back(std::move(span));
  }
  if (!result.failed || result.failed->number != 0 || result.entries.empty()) return;
  Span law;
  law.kind = "step";
  law.title = result.failed->action;
  law.from = law.to = result.entries.back().at;
  law.tone = Tone::bad;
  out.spans.push_back(std::move(law));
}

// --- times, order and rows ----------------------------------------------------------------------

// What goes on after the trace's end is drawn up to there.
void clamp(Spans& out) {
  for (Span& span : out.spans) {
    span.open = span.to > out.end;
    span.to = std::min(span.to, out.end);
  }
}

void sort_by_start(Spans& out) {
  std::vector<std::size_t> order(out.spans.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    const Span& a = out.spans[left];
    const Span& b = out.spans[right];
    return std::tie(a.from, a.track, a.client) < std::tie(b.from, b.track, b.client);
  });
  std::vector<std::size_t> place(order.size());
  for (std::size_t i = 0; i < order.size(); ++i) place[order[i]] = i;
  std::vector<Span> sorted;
  sorted.reserve(order.size());
  for (const std::size_t index : order) {
    sorted.push_back(std::move(out.spans[index]));
    if (sorted.back().link) sorted.back().link = place[*sorted.back().link];
  }
  out.spans = std::move(sorted);
}

// The first row that is free: where the last span has ended, and where an instant touches nothing.
void assign_rows(Spans& out) {
  struct Row {
    Instant end{};
    bool instant = false;
  };
  std::map<std::pair<Track, std::size_t>, std::vector<Row>> tracks;
  for (Span& span : out.spans) {
    const bool instant = span.from == span.to;
    std::vector<Row>& rows = tracks[{span.track, span.client}];
    const auto free = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
      return row.end < span.from || (row.end == span.from && !instant && !row.instant);
    });
    span.row = static_cast<std::size_t>(free - rows.begin());
    if (free == rows.end()) rows.emplace_back();
    rows[span.row] = {span.to, instant};
  }
}

}  // namespace

std::string_view to_string(Track track) noexcept {
  switch (track) {
    case Track::steps:
      return "steps";
    case Track::calls:
      return "calls";
    case Track::waits:
      return "waits";
    case Track::outcomes:
      return "outcomes";
    case Track::network:
      return "network";
    case Track::server:
      return "server";
  }
  return "";
}

std::string_view to_string(Tone tone) noexcept {
  switch (tone) {
    case Tone::neutral:
      return "neutral";
    case Tone::good:
      return "good";
    case Tone::trouble:
      return "trouble";
    case Tone::bad:
      return "bad";
  }
  return "";
}

Spans spans_of(const Result& result) {
  Spans out = read_spans(result.entries);
  add_steps(result, out);
  if (!result.entries.empty()) out.end = result.entries.back().at;
  clamp(out);
  sort_by_start(out);
  assign_rows(out);
  return out;
}

}  // namespace lockstep::scenario
