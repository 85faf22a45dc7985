// What an engine is about, coarsely: an enumeration, of which every value can be named beforehand,
// so that whoever explores can say which ones he has not met.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lockstep::engine {

enum class Life : std::uint8_t { open, flushing, closing, closed };
enum class Backlog : std::uint8_t { none, filling, due };  // of the fullest lane's queue
enum class Traffic : std::uint8_t { none, some, full };    // requests of the busiest endpoint
// Of all endpoints: one pauses; a batch waits for its next attempt; both.
enum class Trouble : std::uint8_t { none, pausing, waiting, both };

struct Condition {
  Life life = Life::open;
  Backlog backlog = Backlog::none;
  Traffic traffic = Traffic::none;
  Trouble trouble = Trouble::none;

  static constexpr std::size_t kCount = std::size_t{4} * 3 * 3 * 4;

  // From 0 to kCount - 1, one number for each condition.
  constexpr std::size_t index() const noexcept {
    return ((static_cast<std::size_t>(life) * 3 + static_cast<std::size_t>(backlog)) * 3 +
            static_cast<std::size_t>(traffic)) *
               4 +
           static_cast<std::size_t>(trouble);
  }
  static constexpr Condition at(std::size_t index) noexcept {
    return {static_cast<Life>(index / 36), static_cast<Backlog>(index / 12 % 3),
            static_cast<Traffic>(index / 4 % 3), static_cast<Trouble>(index % 4)};
  }
  bool operator==(const Condition&) const = default;
};

}  // namespace lockstep::engine
