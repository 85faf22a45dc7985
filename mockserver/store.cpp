#include "mockserver/store.h"

#include <nlohmann/json.hpp>

#include "clock/timestamp.h"
#include "clock/trace.h"

namespace lockstep::mock {

namespace {

// The column the table sorts by: toDate(timestamp). What has no readable timestamp is stamped on
// arrival.
std::string day_of(const std::string& timestamp, WallTime arrival) {
  constexpr std::size_t kDayLength = 10;
  return to_rfc3339(parse_rfc3339(timestamp).value_or(arrival)).substr(0, kDayLength);
}

}  // namespace

std::string StoredEvent::to_json_text() const { return nlohmann::json::parse(bytes).dump(); }

void Store::receive(std::string_view uuid, std::string_view bytes) {
  if (uuid.empty()) return;  // nobody can tell whose copy it is
  const std::uint64_t digest = digest_bytes(kDigestStart, bytes);
  auto found = received_.find(uuid);
  if (found == received_.end()) {
    found = received_.emplace(std::string(uuid), Received{0, digest, true}).first;
  }
  Received& received = found->second;
  ++received.times;
  if (!received.same_bytes || received.first_digest == digest) return;
  received.same_bytes = false;
  for (StoredEvent& row : rows_) row.same_bytes = row.same_bytes && row.uuid != uuid;
}

std::string Store::key_of(const ParsedRequest& request, const IncomingEvent& event,
                          std::string_view day) const {
  if (request.route == Route::segment) return event.uuid;
  if (request.route == Route::confidence) return std::to_string(rows_.size());
  // Sizes keep apart what would read alike in one text.
  std::string key(day);
  for (const std::string* part : {&event.name, &event.distinct_id}) {
    key.append(std::to_string(part->size())).append(" ").append(*part);
  }
  return key.append(event.uuid);
}

void Store::accept(const ParsedRequest& request, std::size_t index, std::uint64_t number) {
  const IncomingEvent& event = (*request.events)[index];
  std::string day = day_of(event.timestamp, request.arrival.wall);
  const auto [place, is_new] = places_.try_emplace(key_of(request, event, day), rows_.size());
  if (is_new) {
    StoredEvent row;
    row.uuid = event.uuid;
    row.name = event.name;
    row.distinct_id = event.distinct_id;
    row.timestamp = event.timestamp;
    row.day = std::move(day);
    row.test_id = request.test_id;
    row.route = request.route;
    row.bytes = request.event_bytes(index);
    row.first_arrival = request.arrival;
    const auto received = received_.find(row.uuid);
    row.same_bytes = received == received_.end() || received->second.same_bytes;
    rows_.push_back(std::move(row));
  }
  rows_[place->second].requests.push_back(number);
}

void Store::clear() { *this = Store{}; }

std::size_t Store::received_count(std::string_view uuid) const {
  const auto received = received_.find(uuid);
  return received == received_.end() ? 0 : received->second.times;
}

}  // namespace lockstep::mock
