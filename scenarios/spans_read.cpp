#include "scenarios/spans_read.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <utility>

namespace lockstep::scenario {

namespace {

std::optional<std::uint64_t> parse_digits(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Seconds as the trace writes them, "12.500000000"; nothing for any other text.
std::optional<Duration> parse_seconds(std::string_view text) {
  const auto point = text.find('.');
  if (point == std::string_view::npos || text.size() - point != 10) return std::nullopt;
  const auto whole = parse_digits(text.substr(0, point));
  const auto fraction = parse_digits(text.substr(point + 1));
  if (!whole || !fraction) return std::nullopt;
  return saturating_add(saturating_multiply(std::chrono::seconds{1}, *whole),
                        Duration{static_cast<Duration::rep>(*fraction)});
}

// kNever for "never", and where nothing can be read.
Instant until_of(const TraceEntry& entry) {
  const auto until = parse_seconds(trace_field(entry, "until"));
  return until ? Instant{*until} : kNever;
}

// One pass over a trace; each label has a function that adds a span or completes earlier ones.
class Reader {
 public:
  explicit Reader(const std::vector<TraceEntry>& entries) : entries_(entries) {}

  Spans read() {
    for (at_ = 0; at_ < entries_.size(); ++at_) {
      const TraceEntry& entry = entries_[at_];
      for (const auto& [label, function] : kLabels) {
        if (entry.label == label) (this->*function)(entry);
      }
    }
    if (out_.clients.empty()) out_.clients.emplace_back();
    return std::move(out_);
  }

 private:
  struct Label {
    std::string_view name;
    void (Reader::*function)(const TraceEntry&);
  };
  static const std::vector<Label> kLabels;

  Span& add(Track track, const TraceEntry& entry, std::string_view kind, std::string title) {
    Span span;
    span.track = track;
    span.client = track == Track::server ? 0 : client_of(entry);
    span.from = span.to = entry.at;
    span.kind = kind;
    span.title = std::move(title);
    span.entries = {at_};
    out_.spans.push_back(std::move(span));
    return out_.spans.back();
  }
  std::size_t last() const { return out_.spans.size() - 1; }

  // Many of the same at the same instant are one span.
  void count(Track track, const TraceEntry& entry, std::string_view kind, std::string_view title,
             Tone tone) {
    const std::size_t client = client_of(entry);
    for (auto span = out_.spans.rbegin(); span != out_.spans.rend() && span->from == entry.at;
         ++span) {
      if (span->track != track || span->client != client || span->title != title) continue;
      ++span->count;
      span->entries.push_back(at_);
      return;
    }
    add(track, entry, kind, std::string(title)).tone = tone;
  }

  std::size_t client_of(const TraceEntry& entry) {
    const std::string name(trace_field(entry, "client"));
    const auto found = std::find(out_.clients.begin(), out_.clients.end(), name);
    const auto index = static_cast<std::size_t>(found - out_.clients.begin());
    if (found == out_.clients.end()) out_.clients.push_back(name);
    return index;
  }

  Span* caused_by(const TraceEntry& entry) {
    const auto found = by_entry_.find(entry.cause);
    return found == by_entry_.end() ? nullptr : &out_.spans[found->second];
  }

  // The span that `entry.cause` began ends.
  Span* end_cause(const TraceEntry& entry, Tone tone, std::string_view how) {
    Span* span = caused_by(entry);
    if (span == nullptr) return nullptr;
    span->to = entry.at;
    span->tone = tone;
    span->title += how;
    span->entries.push_back(at_);
    return span;
  }

  void capture(const TraceEntry& entry) {
    const std::string admission(trace_field(entry, "admission"));
    const bool accepted = admission == "accepted";
    count(Track::calls, entry, "capture", accepted ? "capture" : "capture: " + admission,
          accepted ? Tone::neutral : Tone::bad);
  }

  void call(const TraceEntry& entry) {
    add(Track::calls, entry, entry.label, entry.label).to = kNever;
    by_entry_[entry.number] = last();
  }

  void report(const TraceEntry& entry) {
    const std::string status(trace_field(entry, "status"));
    end_cause(entry, status == "complete" ? Tone::good : Tone::trouble, ": " + status);
  }

  void outcome(const TraceEntry& entry) {
    const std::string_view end = trace_field(entry, "end");
    Tone tone = Tone::bad;
    if (end == "delivered") tone = Tone::good;
    if (end == "unconfirmed") tone = Tone::trouble;
    count(Track::outcomes, entry, "outcome", end, tone);
  }

  void send(const TraceEntry& entry) {
    const std::string batch(trace_field(entry, "batch"));
    const std::string title = batch.empty() ? std::string(trace_field(entry, "path"))
                                            : "batch " + batch + ", attempt " +
                                                  std::string(trace_field(entry, "attempt"));
    Span& span = add(Track::network, entry, "request", title);
    span.to = kNever;
    by_entry_[entry.number] = last();
    unseen_.push_back(last());
    if (batch.empty()) return;
    const auto [carrier, first] = carriers_.try_emplace({span.client, batch}, last());
    if (!first) span.link = std::exchange(carrier->second, last());
  }

  void answer(const TraceEntry& entry) {
    const std::string_view status = trace_field(entry, "status");
    const Tone tone = status.starts_with('2') ? Tone::good : Tone::bad;
    end_cause(entry, tone,
              ": " + std::string(status == "0" ? trace_field(entry, "detail") : status));
    if (const auto sent = by_entry_.find(entry.cause); sent != by_entry_.end())
      by_entry_[entry.number] = sent->second;
  }

  void cancel(const TraceEntry& entry) { end_cause(entry, Tone::bad, ": cancelled"); }

  void retry(const TraceEntry& entry) {
    if (Span* request = caused_by(entry)) request->tone = Tone::trouble;
    Span& wait = add(Track::waits, entry, "retry", retry_title(entry));
    wait.to = until_of(entry);
    waits_.insert({wait.client, wait.to});
  }

  // Two batches carry on what one carried.
  void split(const TraceEntry& entry) {
    const auto request = by_entry_.find(entry.cause);
    const std::string title = "split of batch " + std::string(trace_field(entry, "batch"));
    Span& span = add(Track::waits, entry, "split", title);
    span.tone = Tone::trouble;
    if (request == by_entry_.end()) return;
    out_.spans[request->second].tone = Tone::trouble;
    for (const char* half : {"first_half", "second_half"})
      carriers_[{span.client, std::string(trace_field(entry, half))}] = request->second;
  }

  // An endpoint has one pause at a time: a later one takes over.
  void pause(const TraceEntry& entry) {
    const Instant until = until_of(entry);
    const auto key = std::pair{client_of(entry), std::string(trace_field(entry, "endpoint"))};
    const auto current = pauses_.find(key);
    if (current != pauses_.end()) give_way(out_.spans[current->second], entry.at);
    const std::size_t index = pause_span(entry, until);
    out_.spans[index].kind = "pause";
    out_.spans[index].title = "pause";
    out_.spans[index].to = until;
    waits_.insert({key.first, until});
    pauses_[key] = index;
  }

  // Where a batch waits for just this pause, the two are one thing to see. Else a span of its own.
  std::size_t pause_span(const TraceEntry& entry, Instant until) {
    for (std::size_t i = out_.spans.size(); i-- > 0 && out_.spans[i].from == entry.at;) {
      Span& span = out_.spans[i];
      if (span.kind != "retry" || span.to != until) continue;
      if (entries_[span.entries.front()].cause != entry.cause) continue;
      span.entries.push_back(at_);
      return i;
    }
    add(Track::waits, entry, "pause", {});
    return last();
  }

  // Of a pause that another replaces at its very start, the batch's wait is left.
  void give_way(Span& pause, Instant at) {
    const TraceEntry& first = entries_[pause.entries.front()];
    if (pause.from != at || first.label != "retry") {
      pause.to = std::min(pause.to, at);
      return;
    }
    pause.kind = "retry";
    pause.title = retry_title(first);
  }

  static std::string retry_title(const TraceEntry& entry) {
    return "retry of batch " + std::string(trace_field(entry, "batch"));
  }

  // A timer that ends together with a pause or a retry says nothing new.
  void timer(const TraceEntry& entry) {
    const std::size_t client = client_of(entry);
    if (const auto found = timers_.find(client); found != timers_.end()) {
      Span& before = out_.spans[found->second];
      before.to = std::min(before.to, entry.at);
      timers_.erase(found);
    }
    const Instant until = until_of(entry);
    const bool known = until == kNever || until <= entry.at || waits_.contains({client, until});
    if (known) return;
    add(Track::waits, entry, "timer", "timer").to = until;
    timers_[client] = last();
  }

  void arrival(const TraceEntry& entry) {
    const std::string_view fault = trace_field(entry, "fault");
    const std::string_view status = trace_field(entry, "status");
    std::string title(fault.empty() ? status : fault);
    if (const auto patience = trace_field(entry, "retry_after"); !patience.empty())
      title += ", Retry-After " + std::string(patience);
    Span& span = add(Track::server, entry, "arrival", std::move(title));
    span.to =
        saturating_add(entry.at, parse_seconds(trace_field(entry, "delay")).value_or(Duration{0}));
    span.tone = fault.empty() && status.starts_with('2') ? Tone::good : Tone::bad;
    const auto sent = std::find_if(unseen_.begin(), unseen_.end(), [&](std::size_t index) {
      const TraceEntry& send = entries_[out_.spans[index].entries.front()];
      return trace_field(send, "client") == trace_field(entry, "client") &&
             trace_field(send, "body") == trace_field(entry, "body") &&
             trace_field(entry, "to").starts_with(trace_field(send, "path"));
    });
    if (sent == unseen_.end()) return;
    span.link = *sent;
    unseen_.erase(sent);
  }

  const std::vector<TraceEntry>& entries_;
  std::size_t at_ = 0;  // the entry that is being read
  Spans out_;
  std::map<std::uint64_t, std::size_t> by_entry_;  // spans by the entries that others follow from
  std::map<std::pair<std::size_t, std::string>, std::size_t> carriers_;  // last request, by batch
  std::vector<std::size_t> unseen_;                                      // have not arrived
  std::map<std::pair<std::size_t, std::string>, std::size_t> pauses_;    // by endpoint
  std::set<std::pair<std::size_t, Instant>> waits_;  // when pauses and retries end, by client
  std::map<std::size_t, std::size_t> timers_;        // by client
};

const std::vector<Reader::Label> Reader::kLabels{
    {"capture", &Reader::capture}, {"flush", &Reader::call},      {"shutdown", &Reader::call},
    {"report", &Reader::report},   {"outcome", &Reader::outcome}, {"send", &Reader::send},
    {"answer", &Reader::answer},   {"cancel", &Reader::cancel},   {"retry", &Reader::retry},
    {"split", &Reader::split},     {"pause", &Reader::pause},     {"timer", &Reader::timer},
    {"request", &Reader::arrival}};

}  // namespace

Spans read_spans(const std::vector<TraceEntry>& entries) { return Reader(entries).read(); }

std::string_view trace_field(const TraceEntry& entry, std::string_view name) {
  for (const auto& [field, value] : entry.fields) {
    if (field == name) return value;
  }
  return {};
}

}  // namespace lockstep::scenario
