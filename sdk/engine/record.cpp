#include "sdk/engine/record.h"

#include <cstring>
#include <new>

namespace lockstep::engine {

EventRef::EventRef(std::string_view json, std::size_t uuid_at, Lane lane) {
  make(json, uuid_at, lane, 0);
}

EventRef::EventRef(std::string_view json, const Uuid& uuid, Lane lane) {
  make(json, json.size(), lane, Uuid::kTextLength);
  uuid.write(reinterpret_cast<char*>(record_ + 1) + json.size());
}

void EventRef::make(std::string_view json, std::size_t uuid_at, Lane lane, std::size_t more) {
  void* memory = ::operator new(sizeof(Record) + json.size() + more);
  record_ = new (memory) Record;
  record_->size = static_cast<std::uint32_t>(json.size());
  record_->uuid_at = static_cast<std::uint32_t>(uuid_at);
  record_->lane = lane;
  std::memcpy(static_cast<char*>(memory) + sizeof(Record), json.data(), json.size());
}

std::string_view EventRef::json() const noexcept {
  return {reinterpret_cast<const char*>(record_ + 1), record_->size};
}

void EventRef::release() noexcept {
  if (record_ == nullptr) return;
  if (record_->references.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  record_->~Record();
  ::operator delete(record_);
}

}  // namespace lockstep::engine
