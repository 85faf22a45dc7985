#include "scenarios/chrome_trace.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "scenarios/node.h"
#include "scenarios/spans.h"

namespace lockstep::scenario {

namespace {

// Of a span that stands for many entries, this many are told in full.
constexpr std::size_t kMostArgs = 5;

std::string microseconds(Duration time) {
  char text[40];
  std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(time.count() / 1000),
                static_cast<long long>(time.count() % 1000));
  return text;
}

// The events of one scenario, which is one process of the trace.
class Process {
 public:
  Process(const Result& result, std::size_t number)
      : result_(result), spans_(spans_of(result)), pid_(std::to_string(number)) {}

  // In order of their times.
  void write(std::string& out) {
    metadata("process_name", "0", json_quoted(result_.name));
    name_threads();
    for (std::size_t i = 0; i < spans_.spans.size(); ++i) {
      write(spans_.spans[i]);
      if (spans_.spans[i].link) write_flow(spans_.spans[*spans_.spans[i].link], i);
    }
    std::stable_sort(events_.begin(), events_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [at, event] : events_) out += (out.empty() ? "" : ",\n") + event;
  }

 private:
  using ThreadKey = std::tuple<Track, std::size_t, std::size_t>;

  // Threads stand in the order of their numbers, which is that of the tracks.
  void name_threads() {
    for (const Span& span : spans_.spans) tids_[{span.track, span.client, span.row}];
    std::size_t next = 1;
    for (auto& [key, tid] : tids_) {
      const auto& [track, client, row] = key;
      tid = std::to_string(next++);
      std::string name(to_string(track));
      if (spans_.clients.size() > 1 && track != Track::steps && track != Track::server)
        name += " of " + spans_.clients[client];
      if (row > 0) name += " " + std::to_string(row + 1);
      metadata("thread_name", tid, json_quoted(name));
    }
  }

  void event(Instant at, std::string_view phase, const std::string& tid, std::string_view name,
             const std::string& more) {
    events_.emplace_back(at, "{\"ph\":\"" + std::string(phase) + "\",\"ts\":" +
                                 microseconds(at.time_since_epoch()) + ",\"pid\":" + pid_ +
                                 ",\"tid\":" + tid + ",\"name\":" + json_quoted(name) + more + "}");
  }

  void metadata(std::string_view what, const std::string& tid, const std::string& name) {
    event(Instant{}, "M", tid, what, ",\"args\":{\"name\":" + name + "}");
  }

  const std::string& tid(const Span& span) { return tids_[{span.track, span.client, span.row}]; }

  // What lasts, and every request, is a slice.
  void write(const Span& span) {
    const bool slice = span.to > span.from || span.kind == "request";
    const std::string length =
        slice ? "\"dur\":" + microseconds(span.to - span.from) : std::string("\"s\":\"t\"");
    event(span.from, slice ? "X" : "i", tid(span), title(span),
          ",\"cat\":" + json_quoted(span.kind) + "," + length + ",\"args\":" + arguments(span));
  }

  static std::string title(const Span& span) {
    return span.count > 1 ? std::to_string(span.count) + " x " + span.title : span.title;
  }

  // An arrow from the middle of a span to the start of the one that follows from it.
  void write_flow(const Span& from, std::size_t index) {
    const Span& to = spans_.spans[index];
    const std::string id =
        ",\"cat\":\"follows\",\"id\":\"" + pid_ + "." + std::to_string(index) + "\"";
    event(from.from + (from.to - from.from) / 2, "s", tid(from), "follows", id);
    event(to.from, "f", tid(to), "follows", id + ",\"bp\":\"e\"");
  }

  std::string arguments(const Span& span) const {
    std::string members;
    const auto add = [&](const std::string& name, const std::string& json) {
      members += (members.empty() ? "" : ",") + json_quoted(name) + ":" + json;
    };
    for (std::size_t i = 0; i < span.entries.size() && i < kMostArgs; ++i) {
      const TraceEntry& entry = result_.entries[span.entries[i]];
      std::string fields;
      for (const auto& [name, value] : entry.fields) {
        fields += (fields.empty() ? "" : ",") + json_quoted(name) + ":" + json_quoted(value);
      }
      add(std::to_string(entry.number) + " " + entry.label, "{" + fields + "}");
    }
    if (span.entries.size() > kMostArgs)
      add("more entries", std::to_string(span.entries.size() - kMostArgs));
    return "{" + members + "}";
  }

  const Result& result_;
  const Spans spans_;
  const std::string pid_;
  std::vector<std::pair<Instant, std::string>> events_;
  std::map<ThreadKey, std::string> tids_;
};

}  // namespace

std::string chrome_trace(const Run& run) {
  std::string events;
  for (std::size_t i = 0; i < run.results.size(); ++i) {
    Process(run.results[i], i + 1).write(events);
  }
  return "{\"displayTimeUnit\":\"ms\",\"traceEvents\":[\n" + events + "\n]}\n";
}

}  // namespace lockstep::scenario
