// Choices by name: what a run of the explorer is made of.
//
// Every choice has a name of its own and the number of the operation it belongs to, so one more
// choice somewhere changes no other, and a tape still means the same run after the generator grew.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "clock/chance.h"
#include "clock/time.h"

namespace lockstep::explore {

class Choices {
 public:
  // Of one operation of a run; 0 is the run itself.
  Choices(const Chance& chance, std::uint64_t operation) noexcept
      : chance_(chance), operation_(operation) {}

  // A whole number from 0 to bound - 1. `index` tells apart several choices of one name.
  std::uint64_t below(std::string_view name, std::uint64_t bound, std::uint64_t index = 0) const {
    return chance_.below({Stream(name), operation_, index}, bound);
  }
  // From `least` to `most`, both included.
  std::int64_t between(std::string_view name, std::int64_t least, std::int64_t most,
                       std::uint64_t index = 0) const {
    return least + static_cast<std::int64_t>(
                       below(name, static_cast<std::uint64_t>(most - least) + 1, index));
  }
  bool one_in(std::string_view name, std::uint64_t cases, std::uint64_t index = 0) const {
    return chance_.ratio({Stream(name), operation_, index}, 1, cases);
  }
  template <typename Value>
  Value any_of(std::string_view name, std::initializer_list<Value> values,
               std::uint64_t index = 0) const {
    return values.begin()[below(name, values.size(), index)];
  }
  // A span of time whose order of magnitude is as likely to be one as another, in whole
  // milliseconds from 1 to `most`.
  Duration span(std::string_view name, std::chrono::milliseconds most,
                std::uint64_t index = 0) const {
    std::uint64_t magnitudes = 1;
    for (std::int64_t reach = 10; reach < most.count(); reach *= 10) ++magnitudes;
    std::int64_t limit = 10;
    for (std::uint64_t left = below(name, magnitudes, index * 2); left > 0; --left) limit *= 10;
    limit = std::min<std::int64_t>(limit, most.count());
    return std::chrono::milliseconds{between(name, 1, limit, index * 2 + 1)};
  }

 private:
  const Chance& chance_;
  std::uint64_t operation_;
};

}  // namespace lockstep::explore
