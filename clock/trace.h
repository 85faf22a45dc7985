// The trace: what happened in a run, step by step, with a chained digest.
//
// Two runs are the same run when their traces are equal byte for byte. Each entry's digest covers
// everything before it, so the first entry whose digest differs is where two runs part.
#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clock/time.h"

namespace lockstep {

struct TraceEntry {
  std::uint64_t number = 0;  // 1, 2, 3, ...
  Instant at{};
  std::string label;        // what kind of step: "send", "response", ...
  std::uint64_t cause = 0;  // number of the entry it follows from; 0: none
  // Payload, outputs and state, in writing order.
  std::vector<std::pair<std::string, std::string>> fields;
  std::uint64_t digest = 0;  // of this entry and all before it

  // One line, columns aligned: number, time in seconds, label, cause as "<number", fields as
  // name=value. A value with spaces or control characters stands in quotes, escaped.
  std::string to_text() const;
};

// The mixing the digest is made of, continued from `state`, for anybody who has to hash a state
// into one number that is the same on every compiler and machine. Not for secrets. Eight bytes at a
// step, so that a trace can name the bodies it carries without costing more than the bodies do; the
// length counts, so that what follows cannot slide into it.
constexpr std::uint64_t kDigestStart = 0xcbf29ce484222325ULL;
std::uint64_t digest_bytes(std::uint64_t state, std::string_view bytes) noexcept;
std::uint64_t digest_number(std::uint64_t state, std::uint64_t number) noexcept;

// A value on its way into the trace: a text that somebody else keeps for as long as the call takes,
// or a whole number, written in decimal. Runs record far more than anybody reads; nothing is copied
// before it is known that somebody will.
class TraceValue {
 public:
  TraceValue(std::string_view text) noexcept : text_(text.data()), size_(text.size()) {}
  TraceValue(const std::string& text) noexcept : TraceValue(std::string_view(text)) {}
  TraceValue(const char* text) noexcept : TraceValue(std::string_view(text)) {}
  template <std::integral Number>
  TraceValue(Number number) noexcept {
    const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr;
    size_ = static_cast<std::size_t>(end - digits_.data());
  }

  std::string_view text() const noexcept {
    return {text_ != nullptr ? text_ : digits_.data(), size_};
  }

 private:
  const char* text_ = nullptr;  // nullptr: in digits_
  std::size_t size_ = 0;
  std::array<char, 20> digits_{};  // the most that 64 bits and a sign take
};

struct TraceField {
  std::string_view name;
  TraceValue value{""};
};

// What is being recorded, as its observer sees it: valid during the call only.
struct TraceStep {
  Instant at{};
  std::string_view label;
  std::uint64_t cause = 0;
  std::span<const TraceField> fields;
};

// Thread-safe.
class Trace {
 public:
  // Appends an entry and returns its number. `cause`: the entry it follows from; 0: none.
  std::uint64_t record(Instant at, std::string_view label, std::initializer_list<TraceField> fields,
                       std::uint64_t cause = 0);
  std::uint64_t record(const TraceStep& step);

  // From now on entries are counted and digested, and not kept: entries() says what was kept. For
  // runs of which nobody asks more than whether they are the same.
  void forget_entries();

  // From now on `observer` is called with each step, by the thread that records it and with no
  // lock of the trace held. For a single-threaded run; an empty function takes it away.
  void on_record(std::function<void(const TraceStep&)> observer);

  // The digest over all entries; a fixed value for an empty trace.
  std::uint64_t digest() const;
  std::size_t size() const;
  std::vector<TraceEntry> entries() const;
  std::string to_text() const;

 private:
  mutable std::mutex mutex_;
  std::vector<TraceEntry> entries_;
  std::uint64_t count_ = 0;
  std::uint64_t digest_ = kDigestStart;
  bool keeps_ = true;
  std::function<void(const TraceStep&)> observer_;
};

// Where two traces part: a text that shows the last `context` common entries and the first two that
// differ. Nothing when they are equal. Entries are compared by digest, so both vectors must start
// at a trace's first entry.
std::optional<std::string> first_divergence(const std::vector<TraceEntry>& left,
                                            const std::vector<TraceEntry>& right,
                                            std::size_t context = 3);

}  // namespace lockstep
