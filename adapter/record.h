// What a client's observers saw, kept within bounds: the requests it made, the events it lost, the
// last thing that went wrong. Nothing here is computed from anything else; it is the SDK's own
// account.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "sdk/options.h"
#include "sdk/report.h"

namespace lockstep::adapter {

// What is kept; beyond it the oldest give way and are counted.
struct RecordLimits {
  std::size_t max_requests = 1000;
  std::size_t max_uuids = 100'000;  // over all kept requests
  std::size_t max_drops = 1000;
};

struct RecordSnapshot {
  std::deque<RequestReport> requests;  // oldest first, in the order in which they ended
  std::uint64_t requests_omitted = 0;  // older than those
  std::deque<Outcome> drops;           // the events that were not delivered, oldest first
  std::uint64_t drops_omitted = 0;
  std::optional<std::string> last_error;  // of a request or of the client; the api key is masked
};

// Thread-safe: the client's observers write, /state reads.
class Record {
 public:
  // Makes a record and lets the options' observers feed it; observers that are there already are
  // called after it. The options' copies share the record.
  static std::shared_ptr<Record> observe(Options& options, const RecordLimits& limits);

  RecordSnapshot snapshot() const;

 private:
  Record(std::string secret, const RecordLimits& limits)
      : secret_(std::move(secret)), limits_(limits) {}

  void add_request(RequestReport report);
  void add_outcome(Outcome outcome);
  void add_error(const ErrorReport& report);
  bool over_limits() const noexcept;

  const std::string secret_;
  const RecordLimits limits_;
  mutable std::mutex mutex_;  // guards what follows
  RecordSnapshot kept_;
  std::size_t kept_uuids_ = 0;
};

}  // namespace lockstep::adapter
