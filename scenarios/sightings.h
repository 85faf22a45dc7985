// Which conditions engines were seen in, how these changed, and which answers were really met: a
// fault that is planned for a server is none before somebody asks it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/handler.h"
#include "sdk/condition.h"

namespace lockstep::scenario {

class Sightings {
 public:
  // Of each part of a condition: from one value to another, or the same.
  struct Part {
    std::string_view name;
    std::size_t values = 0;
    std::size_t first_move = 0;  // number of its move from value 0 to value 0
  };
  static constexpr std::array<Part, 4> kParts{
      {{"life", 4, 0}, {"backlog", 3, 16}, {"traffic", 3, 25}, {"trouble", 4, 34}}};
  static constexpr std::size_t kMoves = 50;

  // Every fault, then these statuses, then any other.
  static constexpr std::size_t kFaults = static_cast<std::size_t>(http::Fault::endless_body);
  static constexpr std::array kStatuses{200, 201, 202, 204, 301, 304, 308, 400, 401, 402,
                                        403, 404, 408, 410, 413, 415, 422, 425, 429, 500,
                                        501, 502, 503, 504, 505, 507, 520, 599};
  static constexpr std::size_t kAnswers = kFaults + kStatuses.size() + 1;

  // A request has met that answer.
  void note_answer(const http::Reply& reply) noexcept {
    if (reply.fault != http::Fault::none) {
      answers_ |= std::uint64_t{1} << (static_cast<std::size_t>(reply.fault) - 1);
      return;
    }
    const auto known = std::find(kStatuses.begin(), kStatuses.end(), reply.response.status);
    answers_ |= std::uint64_t{1} << (kFaults + static_cast<std::size_t>(known - kStatuses.begin()));
  }

  // An engine is in that condition during the step of that number, from 1.
  void note(const engine::Condition& condition, std::uint32_t step) noexcept {
    last_step_[condition.index()] = step;
  }
  // It was in one and is in another.
  void note_move(const engine::Condition& from, const engine::Condition& to) noexcept {
    const auto move = [&](std::size_t part, auto was, auto is) {
      moves_ |= std::uint64_t{1} << (kParts[part].first_move +
                                     static_cast<std::size_t>(was) * kParts[part].values +
                                     static_cast<std::size_t>(is));
    };
    move(0, from.life, to.life);
    move(1, from.backlog, to.backlog);
    move(2, from.traffic, to.traffic);
    move(3, from.trouble, to.trouble);
  }

  // The last step in which that condition was seen; 0: none.
  std::uint32_t last_step(std::size_t condition) const noexcept { return last_step_[condition]; }
  bool has_move(std::size_t move) const noexcept { return (moves_ >> move & 1) != 0; }
  bool has_answer(std::size_t answer) const noexcept { return (answers_ >> answer & 1) != 0; }

 private:
  std::array<std::uint32_t, engine::Condition::kCount> last_step_{};
  std::uint64_t moves_ = 0;
  std::uint64_t answers_ = 0;
};

}  // namespace lockstep::scenario
