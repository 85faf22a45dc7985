#include "mockserver/journal.h"

#include <charconv>
#include <chrono>

#include "clock/timestamp.h"
#include "mockserver/script.h"

namespace lockstep::mock {

namespace {

std::optional<std::uint64_t> attempt_header(const http::Headers& headers) {
  const auto value = headers.get("PostHog-Attempt");
  if (!value) return std::nullopt;
  std::uint64_t attempt = 0;
  const auto [stop, error] = std::from_chars(value->data(), value->data() + value->size(), attempt);
  if (error != std::errc{} || stop != value->data() + value->size()) return std::nullopt;
  return attempt;
}

}  // namespace

std::int64_t JournalEntry::timestamp_ms() const noexcept {
  return std::chrono::floor<std::chrono::milliseconds>(arrival.wall.time_since_epoch()).count();
}

std::string JournalEntry::to_text() const {
  std::string text = '#' + std::to_string(number) + "  " +
                     to_seconds(arrival.at.time_since_epoch()) + "s  " + method + ' ' + path +
                     "  " + std::to_string(status) + "  attempt " + std::to_string(attempt);
  if (event_count) {
    text += "  " + std::to_string(*event_count) + (*event_count == 1 ? " event" : " events");
  }
  if (fault != http::Fault::none) text += "  " + std::string(fault_name(fault));
  if (!processed) text += "  not processed";
  if (decode_error) text += "  undecodable: " + *decode_error;
  if (!note.empty()) text += "  " + note;
  return text;
}

std::uint64_t Journal::attempt_of(const JournalEntry& entry) {
  std::uint64_t carried = 1;
  if (!entry.uuids.empty() && !entry.uuids.front().empty()) {
    Carried& earlier = carried_[entry.uuids.front()];
    earlier.last_number = entry.number;
    carried = ++earlier.times;
  }
  return attempt_header(entry.headers).value_or(carried);
}

void Journal::add(JournalEntry entry, const JournalLimits& limits) {
  entry.attempt = attempt_of(entry);
  if (entry.body.size() > limits.max_body_bytes) {
    entry.body.resize(limits.max_body_bytes);
    entry.body.shrink_to_fit();
    entry.body_cut = true;
  }
  if (entry.response_body.size() > limits.max_body_bytes) {
    entry.response_body.resize(limits.max_body_bytes);
  }
  bytes_ += entry.body.size() + entry.response_body.size();
  entries_.push_back(std::move(entry));
  while (!entries_.empty() && (entries_.size() > limits.max_entries || bytes_ > limits.max_bytes)) {
    drop_oldest();
  }
}

void Journal::drop_oldest() {
  const JournalEntry& oldest = entries_.front();
  bytes_ -= oldest.body.size() + oldest.response_body.size();
  if (!oldest.uuids.empty()) {
    const auto carried = carried_.find(oldest.uuids.front());
    if (carried != carried_.end() && carried->second.last_number == oldest.number) {
      carried_.erase(carried);
    }
  }
  entries_.pop_front();
  ++dropped_;
}

void Journal::clear() { *this = Journal{}; }

}  // namespace lockstep::mock
