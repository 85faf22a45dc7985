#include "tests/arms/arm.h"

#include <algorithm>
#include <utility>

namespace lockstep {

namespace {

std::string line_of(std::string_view what, const FlushReport& report) {
  return std::string(what) + ": " + std::string(to_string(report.status)) + ", delivered " +
         std::to_string(report.delivered) + ", dropped " + std::to_string(report.dropped) +
         ", pending " + std::to_string(report.pending) + "\n";
}

std::string line_of(const LaneStats& total) {
  return "ledger: captured " + std::to_string(total.captured) + ", delivered " +
         std::to_string(total.delivered) + ", unconfirmed " + std::to_string(total.unconfirmed) +
         ", dropped " + std::to_string(total.dropped()) + ", pending " +
         std::to_string(total.pending) + ", requests " + std::to_string(total.requests) +
         ", retries " + std::to_string(total.retries) + "\n";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string end_of(const Outcome& outcome) {
  if (!outcome.delivered) return "dropped " + std::string(to_string(outcome.reason));
  return outcome.unconfirmed ? "unconfirmed" : "delivered";
}

}  // namespace

// --- what a body does
// ---------------------------------------------------------------------------------

void Arm::capture(const std::string& name, Lane lane) {
  const CaptureResult result = do_capture(name, lane);
  if (!result.uuid.is_nil()) names_[result.uuid] = name;
  if (!result.ok()) {
    calls_ += "capture " + name + ": " + std::string(to_string(result.admission)) + "\n";
  }
}

void Arm::flush() { calls_ += line_of("flush", do_flush(kFlushTimeout)); }

void Arm::shutdown(Duration timeout) { calls_ += line_of("shutdown", do_shutdown(timeout)); }

// --- what is observed
// ---------------------------------------------------------------------------------

void Arm::note(const Outcome& outcome) {
  const std::lock_guard lock(mutex_);
  outcomes_.push_back(outcome);
}

void Arm::note(RequestEnd end) {
  const std::lock_guard lock(mutex_);
  ends_.push_back(std::move(end));
}

std::string Arm::trace() {
  return request_lines() + report_lines() + outcome_lines() + stored_lines() + calls_ +
         line_of(stats().total());
}

std::vector<Instant> Arm::arrivals() {
  std::vector<Instant> times;
  for (const mock::JournalEntry& entry : journal()) times.push_back(entry.arrival.at);
  return times;
}

std::vector<mock::JournalEntry> Arm::journal() {
  std::vector<mock::JournalEntry> entries = server().journal();
  std::stable_sort(entries.begin(), entries.end(),
                   [](const auto& a, const auto& b) { return a.path < b.path; });
  return entries;
}

std::string Arm::request_lines() {
  std::string text;
  for (const mock::JournalEntry& entry : journal()) {
    text += entry.method + " " + entry.path + " attempt " + std::to_string(entry.attempt) + " [" +
            joined(entry.event_names) + "]";
    if (const auto encoding = entry.headers.get("Content-Encoding")) {
      text += " " + std::string(*encoding);
    }
    if (entry.decode_error) text += " undecodable";
    text += " -> " + std::to_string(entry.status);
    if (entry.fault != http::Fault::none) text += " " + std::string(mock::fault_name(entry.fault));
    text += "\n";
  }
  return text;
}

std::string Arm::names(const std::vector<Uuid>& uuids) {
  std::vector<std::string> words;
  for (const Uuid& uuid : uuids) words.push_back(names_.at(uuid));
  return joined(words);
}

std::string Arm::report_lines() {
  const std::lock_guard lock(mutex_);
  std::stable_sort(ends_.begin(), ends_.end(),
                   [](const auto& a, const auto& b) { return a.lane < b.lane; });
  std::string text;
  for (const RequestEnd& end : ends_) {
    text += "request " + std::string(to_string(end.lane)) + " attempt " +
            std::to_string(end.attempt) + " [" + names(end.uuids) +
            "]: " + (end.status != 0 ? std::to_string(end.status) : end.error) + "\n";
  }
  return text;
}

std::string Arm::outcome_lines() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const Outcome& outcome : outcomes_) {
    lines.push_back(names_.at(outcome.uuid) + ": " + end_of(outcome) + ", lane " +
                    std::string(to_string(outcome.lane)) + ", attempts " +
                    std::to_string(outcome.attempts) + ", status " +
                    std::to_string(outcome.status) + "\n");
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

// Rows after deduplication; how often each came, and whether every copy had the same bytes.
std::string Arm::stored_lines() {
  std::vector<std::string> lines;
  for (const mock::StoredEvent& row : server().stored()) {
    lines.push_back("stored " + row.name + " of " +
                    std::to_string(server().received_count(row.uuid)) + " received" +
                    (row.same_bytes ? "" : ", not the same bytes") + "\n");
  }
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return text;
}

}  // namespace lockstep
