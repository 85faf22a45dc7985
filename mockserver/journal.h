// What the mock server saw and answered, request by request.
//
// The rule of this file: an entry says what happened, not whether it was right, and it is complete
// when it is added. Memory is bounded: the oldest entries go, and how many went is known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "clock/time.h"
#include "http/handler.h"
#include "mockserver/ingest.h"

namespace lockstep::mock {

struct JournalEntry {
  std::uint64_t number = 0;  // from 1, over all partitions of the server, in order of arrival
  Now arrival;
  std::string test_id;  // the partition; empty for requests without X-Test-Id
  Route route = Route::none;

  std::string method;
  std::string path;  // as requested
  std::string query;
  http::Headers headers;
  std::string body;                         // decoded; at most the option's size of it
  bool body_cut = false;                    // that there was more
  std::optional<std::string> decode_error;  // why there is no decoded body
  std::string decode_note;                  // what was odd about the encoding
  std::size_t encoded_size = 0;             // of the body, in bytes
  std::size_t decoded_size = 0;

  // Nothing where the body holds no events in a form the server knows.
  std::optional<std::size_t> event_count;
  std::vector<std::string> uuids;        // of the events in batch order, "" where one has none
  std::vector<std::string> event_names;  // likewise
  // What PostHog-Attempt says; without it, one more than the earlier requests of the partition
  // whose first event had the same uuid.
  std::uint64_t attempt = 1;

  int status = 0;  // what is answered; with a fault, what was about to be
  http::Headers response_headers;
  std::string response_body;  // at most the option's size of it
  // That the body is the route's own, which neither a script nor capture v1 asked for. The shared
  // suite's mock does not record such a body.
  bool body_filled_in = false;
  Duration delay{0};
  http::Fault fault = http::Fault::none;
  bool processed = true;  // the server did its work, whatever the client heard of it
  std::string note;       // what else there is to say, e.g. which sequence was exhausted

  // Wall time of arrival in milliseconds since 1970, as the shared suite's journal has it.
  std::int64_t timestamp_ms() const noexcept;
  // "#3  1.203s  POST /batch/  503  attempt 2  5 events": a line for people.
  std::string to_text() const;
};

struct JournalLimits {
  std::size_t max_entries = 0;
  std::size_t max_bytes = 0;       // bodies of all entries together
  std::size_t max_body_bytes = 0;  // of one body
};

// The entries of one partition. Not thread-safe: the server locks.
class Journal {
 public:
  // Completes the entry (attempt, cut bodies) and keeps it.
  void add(JournalEntry entry, const JournalLimits& limits);
  // Of a journal that keeps nothing: an entry that nobody need make.
  void leave_out() noexcept { ++dropped_; }
  void clear();

  const std::deque<JournalEntry>& entries() const noexcept { return entries_; }
  std::uint64_t dropped() const noexcept { return dropped_; }

 private:
  struct Carried {
    std::uint64_t times = 0;
    std::uint64_t last_number = 0;
  };

  std::uint64_t attempt_of(const JournalEntry& entry);
  void drop_oldest();

  std::deque<JournalEntry> entries_;
  std::map<std::string, Carried> carried_;  // by uuid of the first event
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace lockstep::mock
