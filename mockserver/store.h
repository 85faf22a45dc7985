// What became of accepted events: stored once per key, as PostHog's storage merges them; a message
// of Segment once for its messageId; an event of Confidence, which has no id, as often as it comes.
//
// The rule of this file: the key is (day of timestamp, event, distinct_id, uuid), so a repeat that
// re-stamps its timestamp across midnight, or changes its name or distinct_id, is a new row.
// Source: PostHog's sharded_events table, ORDER BY (team_id, toDate(timestamp), event,
// cityHash64(distinct_id), cityHash64(uuid)).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "mockserver/ingest.h"

namespace lockstep::mock {

// One row.
struct StoredEvent {
  std::string uuid;
  std::string name;
  std::string distinct_id;
  std::string timestamp;  // as first sent
  std::string day;        // of the timestamp, UTC, "2025-01-31"; of arrival where it has none
  std::string test_id;    // the partition
  Route route = Route::none;
  std::string bytes;  // the event's JSON as first stored
  Now first_arrival;  // of the first request that stored it
  std::vector<std::uint64_t>
      requests;  // numbers of the requests that stored it; more than one: repeats
  // All requests that carried its uuid and were processed carried the same bytes, whatever was
  // answered.
  bool same_bytes = true;

  // Canonical form: keys sorted, no white space.
  std::string to_json_text() const;
};

// The rows of one partition, and how often each uuid came. Not thread-safe: the server locks.
class Store {
 public:
  // Counts an event of a processed request, whatever is answered.
  void receive(std::string_view uuid, std::string_view bytes);
  // Stores, or merges into the row of that key, an event that the answer accepts.
  void accept(const ParsedRequest& request, std::size_t index, std::uint64_t number);
  void clear();

  // In the order of first arrival.
  const std::vector<StoredEvent>& rows() const noexcept { return rows_; }
  std::size_t row_count() const noexcept { return rows_.size(); }
  // How many processed requests carried the uuid.
  std::size_t received_count(std::string_view uuid) const;

 private:
  std::string key_of(const ParsedRequest& request, const IncomingEvent& event,
                     std::string_view day) const;
  struct Received {
    std::size_t times = 0;
    std::uint64_t first_digest = 0;
    bool same_bytes = true;
  };

  std::vector<StoredEvent> rows_;
  std::map<std::string, std::size_t> places_;  // in rows_
  std::map<std::string, Received, std::less<>> received_;
};

}  // namespace lockstep::mock
