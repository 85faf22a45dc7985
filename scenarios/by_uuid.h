// What is known of events, by their ids, and of steps of engines, by their digests: looked up for
// each event of each request and each step of each run, and never walked through in an order that
// anybody could see.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <unordered_map>
#include <unordered_set>

#include "clock/uuid.h"

namespace lockstep::scenario {

// The tail of an id is drawn by chance.
struct UuidHash {
  std::size_t operator()(const Uuid& uuid) const noexcept {
    std::size_t tail = 0;
    std::memcpy(&tail, uuid.bytes.data() + uuid.bytes.size() - sizeof tail, sizeof tail);
    return tail;
  }
};

template <typename Value>
using ByUuid = std::unordered_map<Uuid, Value, UuidHash>;
using UuidSet = std::unordered_set<Uuid, UuidHash>;
template <typename Value>
using ByDigest = std::unordered_map<std::uint64_t, Value>;

}  // namespace lockstep::scenario
