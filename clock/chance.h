// Chance: every random decision, drawn by key from a counter-based generator.
//
// A draw is a pure function of (seed, stream, cause, index). There is no shared sequence, so one
// more draw somewhere changes no other: seeds keep their meaning when the code grows, and a run can
// be shrunk by editing single choices. Integers only; no standard-library distribution, whose
// results differ between implementations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace lockstep {

// Names an independent source of choices, for example Stream{"retry-jitter"}. Hashed at compile
// time where it is a constant. Two streams of one name are the same stream.
struct Stream {
  std::uint64_t id;
  constexpr explicit Stream(std::string_view name) noexcept : id(0xcbf29ce484222325ULL) {
    for (const char c : name) id = (id ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
};

// Which choice: the stream, what caused it (a client, a batch, a test), and the how-manieth it is.
struct DrawKey {
  Stream stream;
  std::uint64_t cause = 0;
  std::uint64_t index = 0;
};

// The choices a run made, by key. A tape is data: it can be written as text, read back, edited, and
// played. Reading an edited or partial tape is supported: what it does not name is drawn from the
// seed.
class ChoiceTape {
 public:
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>;  // stream id, cause, index
  using Choice = std::pair<Key, std::uint64_t>;

  ChoiceTape() = default;
  // Of choices in any order; of those with one key, the last.
  explicit ChoiceTape(std::vector<Choice> choices);

  // Takes time in proportion to the tape's size.
  void put(const DrawKey& key, std::uint64_t value);
  // nullptr when the tape does not name the choice.
  const std::uint64_t* find(const DrawKey& key) const;
  void erase(const DrawKey& key);
  std::size_t size() const noexcept { return choices_.size(); }
  // In key order.
  const std::vector<Choice>& choices() const noexcept { return choices_; }

  // One line per choice, "stream cause index value" in hexadecimal, in key order.
  std::string to_text() const;
  // Reads that form back; lines may come in any order, blank ones are skipped. Throws
  // std::invalid_argument that names the line and what is wrong with it.
  static ChoiceTape from_text(std::string_view text);

  bool operator==(const ChoiceTape&) const = default;

 private:
  std::vector<Choice>
      choices_;  // sorted: tapes are copied and looked into far oftener than changed
};

// Thread-safe, unless it records.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) noexcept : seed_(seed) {}
  // Plays `tape` where it names a choice, draws from `seed` elsewhere.
  Chance(std::uint64_t seed, ChoiceTape tape) : seed_(seed), played_(std::move(tape)) {}
  // Plays `tape`, and 0 where it does not name the choice: what a tape means to those who have come
  // to draw more than those who recorded it.
  explicit Chance(ChoiceTape tape) : seed_(0), played_(std::move(tape)), plays_only_(true) {}

  std::uint64_t seed() const noexcept { return seed_; }

  // 64 evenly distributed bits.
  std::uint64_t bits(const DrawKey& key) const noexcept;

  // A whole number in [0, bound); bound 0 gives 0. A value played from a tape is folded into range.
  std::uint64_t below(const DrawKey& key, std::uint64_t bound) const noexcept;

  // True in `numerator` of `denominator` cases; denominator 0 gives false. The choice recorded is 1
  // or 0; any other value played from a tape counts as 1.
  bool ratio(const DrawKey& key, std::uint64_t numerator, std::uint64_t denominator) const noexcept;

  // From now on each draw is recorded (bits: the bits; below: the number; ratio: 1 or 0).
  // Off by default, because a service draws without end. Whoever records draws in one thread: it is
  // there for those who plan a run.
  void start_recording() noexcept { recording_ = true; }
  // What has been recorded so far: as a tape, and as it came, which is left to the caller.
  ChoiceTape tape() const;
  std::vector<ChoiceTape::Choice> take_recorded() { return std::exchange(recorded_, {}); }

 private:
  const std::uint64_t* find_played(const DrawKey& key) const noexcept;
  std::uint64_t record(const DrawKey& key, std::uint64_t value) const noexcept;
  std::uint64_t raw(const DrawKey& key) const noexcept;

  std::uint64_t seed_;
  ChoiceTape played_;
  bool plays_only_ = false;
  bool recording_ = false;
  mutable std::vector<ChoiceTape::Choice> recorded_;
};

}  // namespace lockstep
