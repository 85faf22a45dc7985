// An admitted event: its wire JSON, rendered once, with a small header in the same allocation.
//
// A record never changes after admission; batches, retries and split halves share it. That is what
// makes an engine a value that is cheap to copy. A queued event costs its JSON, this header (32
// bytes), one pointer in a queue, and what the allocator adds.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "clock/time.h"
#include "clock/uuid.h"
#include "sdk/report.h"

namespace lockstep::engine {

// A counted reference to an event record. Copying is thread-safe, as with shared_ptr.
class EventRef {
 public:
  EventRef() noexcept = default;
  // Copies `json` into a new record. `uuid_at` is where the 36 characters of its uuid start in it.
  // Throws std::bad_alloc.
  EventRef(std::string_view json, std::size_t uuid_at, Lane lane);
  // The same for an event whose JSON does not carry its uuid; the record keeps it behind the JSON.
  EventRef(std::string_view json, const Uuid& uuid, Lane lane);
  EventRef(const EventRef& other) noexcept : record_(other.record_) { retain(); }
  EventRef(EventRef&& other) noexcept : record_(std::exchange(other.record_, nullptr)) {}
  EventRef& operator=(EventRef other) noexcept {
    std::swap(record_, other.record_);
    return *this;
  }
  ~EventRef() { release(); }

  std::string_view json() const noexcept;
  // The uuid's text, a part of the record.
  std::string_view uuid_text() const noexcept {
    return {json().data() + record_->uuid_at, Uuid::kTextLength};
  }
  Uuid uuid() const noexcept { return Uuid::parse(uuid_text()).value_or(Uuid{}); }
  std::size_t size() const noexcept { return record_->size; }
  Lane lane() const noexcept { return record_->lane; }
  // The event's place in the order of admission of its client, from 0.
  std::uint64_t sequence() const noexcept { return record_->sequence; }
  Instant admitted() const noexcept { return Instant{Duration{record_->admitted}}; }

  // Called once, by the engine that admits the event, before the record is shared.
  void stamp(std::uint64_t sequence, Instant admitted) noexcept {
    record_->sequence = sequence;
    record_->admitted = admitted.time_since_epoch().count();
  }

  // What a record costs beyond its JSON, before the allocator's own share.
  static constexpr std::size_t header_bytes() noexcept { return sizeof(Record); }

 private:
  struct Record {
    std::uint64_t sequence = 0;
    Duration::rep admitted = 0;
    std::uint32_t size = 0;
    std::uint32_t uuid_at = 0;
    std::atomic<std::uint32_t> references{1};
    Lane lane = Lane::analytics;
  };

  // A record with room for `more` bytes behind the JSON.
  void make(std::string_view json, std::size_t uuid_at, Lane lane, std::size_t more);
  void retain() const noexcept {
    if (record_ != nullptr) record_->references.fetch_add(1, std::memory_order_relaxed);
  }
  void release() noexcept;

  Record* record_ = nullptr;
};

}  // namespace lockstep::engine
