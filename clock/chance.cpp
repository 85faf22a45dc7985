#include "clock/chance.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <set>
#include <stdexcept>
#include <utility>

namespace lockstep {
namespace {

__extension__ typedef unsigned __int128 Uint128;

// 2^64 divided by the golden ratio, made odd: the increment of SplitMix64. It spreads the small,
// consecutive numbers that causes and indices are before they are mixed.
constexpr std::uint64_t kGolden = 0x9e3779b97f4a7c15ULL;

// A bijection in which every input bit reaches every output bit (the finaliser of SplitMix64).
constexpr std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

constexpr std::uint64_t absorb(std::uint64_t state, std::uint64_t word) noexcept {
  return mix(state + kGolden * (word + 1));
}

// `drawn` scaled to [0, bound) without bias. The few values that would make some numbers likelier
// than others are mixed on until they fall elsewhere, so the result stays a function of the key.
std::uint64_t scale(std::uint64_t drawn, std::uint64_t bound) noexcept {
  const std::uint64_t surplus = (0 - bound) % bound;  // 2^64 mod bound
  for (;;) {
    const Uint128 product = Uint128{drawn} * bound;
    if (static_cast<std::uint64_t>(product) >= surplus) {
      return static_cast<std::uint64_t>(product >> 64);
    }
    drawn = absorb(drawn, 0);
  }
}

ChoiceTape::Key to_tape_key(const DrawKey& key) noexcept {
  return {key.stream.id, key.cause, key.index};
}

bool is_earlier(const ChoiceTape::Choice& left, const ChoiceTape::Choice& right) noexcept {
  return left.first < right.first;
}

void append_hex(std::string& out, std::uint64_t number) {
  std::array<char, 16> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
  out.append(digits.data(), end);
}

// Where a tape's text is wrong, and how.
[[noreturn]] void refuse_line(std::size_t line, const std::string& what) {
  throw std::invalid_argument("choice tape, line " + std::to_string(line) + ": " + what);
}

// Takes the next word off the front of `line`; empty when there is none.
std::string_view take_word(std::string_view& line) noexcept {
  constexpr std::string_view kBlank = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(kBlank), line.size()));
  const auto word = line.substr(0, line.find_first_of(kBlank));
  line.remove_prefix(word.size());
  return word;
}

std::uint64_t take_hex(std::string_view& line, std::size_t line_number, const char* name) {
  const auto word = take_word(line);
  if (word.empty()) {
    refuse_line(line_number,
                std::string("expected \"stream cause index value\", found no ") + name);
  }
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number, 16);
  if (error == std::errc{} && end == word.data() + word.size()) return number;
  refuse_line(line_number, std::string(name) + " \"" + std::string(word) +
                               "\" is not a hexadecimal number of at most 16 digits");
}

}  // namespace

ChoiceTape::ChoiceTape(std::vector<Choice> choices) {
  std::stable_sort(choices.begin(), choices.end(), is_earlier);
  for (Choice& choice : choices) {
    if (!choices_.empty() && choices_.back().first == choice.first) {
      choices_.back() = choice;
    } else {
      choices_.push_back(choice);
    }
  }
}

void ChoiceTape::put(const DrawKey& key, std::uint64_t value) {
  const Choice choice{to_tape_key(key), value};
  const auto at = std::lower_bound(choices_.begin(), choices_.end(), choice, is_earlier);
  if (at != choices_.end() && at->first == choice.first) {
    at->second = value;
  } else {
    choices_.insert(at, choice);
  }
}

const std::uint64_t* ChoiceTape::find(const DrawKey& key) const {
  const Choice choice{to_tape_key(key), 0};
  const auto at = std::lower_bound(choices_.begin(), choices_.end(), choice, is_earlier);
  return at == choices_.end() || at->first != choice.first ? nullptr : &at->second;
}

void ChoiceTape::erase(const DrawKey& key) {
  std::erase_if(choices_,
                [found = to_tape_key(key)](const Choice& choice) { return choice.first == found; });
}

std::string ChoiceTape::to_text() const {
  std::string text;
  for (const auto& [key, value] : choices_) {
    append_hex(text, std::get<0>(key));
    for (const auto number : {std::get<1>(key), std::get<2>(key), value}) {
      text += ' ';
      append_hex(text, number);
    }
    text += '\n';
  }
  return text;
}

ChoiceTape ChoiceTape::from_text(std::string_view text) {
  std::vector<Choice> choices;
  std::set<Key> named;
  for (std::size_t line_number = 1; !text.empty(); ++line_number) {
    auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    auto rest = line;
    if (take_word(rest).empty()) continue;  // a blank line, as editing leaves them

    const auto stream = take_hex(line, line_number, "stream");
    const auto cause = take_hex(line, line_number, "cause");
    const auto index = take_hex(line, line_number, "index");
    const auto value = take_hex(line, line_number, "value");
    if (const auto extra = take_word(line); !extra.empty()) {
      refuse_line(line_number, "unexpected \"" + std::string(extra) + "\" after the value");
    }
    if (!named.emplace(stream, cause, index).second) {
      refuse_line(line_number, "names a choice that an earlier line names already");
    }
    choices.emplace_back(Key{stream, cause, index}, value);
  }
  return ChoiceTape(std::move(choices));
}

std::uint64_t Chance::bits(const DrawKey& key) const noexcept {
  const auto* played = find_played(key);
  return record(key, played != nullptr ? *played : raw(key));
}

std::uint64_t Chance::below(const DrawKey& key, std::uint64_t bound) const noexcept {
  if (bound == 0) return record(key, 0);
  const auto* played = find_played(key);
  return record(key, played != nullptr ? *played % bound : scale(raw(key), bound));
}

bool Chance::ratio(const DrawKey& key, std::uint64_t numerator,
                   std::uint64_t denominator) const noexcept {
  const auto* played = find_played(key);
  if (played != nullptr) return record(key, *played != 0 ? 1 : 0) != 0;
  const bool holds = denominator != 0 && scale(raw(key), denominator) < numerator;
  return record(key, holds ? 1 : 0) != 0;
}

ChoiceTape Chance::tape() const { return ChoiceTape(recorded_); }

// played_ never changes, so looking at it takes no lock.
const std::uint64_t* Chance::find_played(const DrawKey& key) const noexcept {
  static constexpr std::uint64_t kNone = 0;
  const auto* played = played_.size() == 0 ? nullptr : played_.find(key);
  return played == nullptr && plays_only_ ? &kNone : played;
}

std::uint64_t Chance::record(const DrawKey& key, std::uint64_t value) const noexcept {
  if (recording_) recorded_.emplace_back(to_tape_key(key), value);
  return value;
}

std::uint64_t Chance::raw(const DrawKey& key) const noexcept {
  auto state = absorb(0, seed_);
  state = absorb(state, key.stream.id);
  state = absorb(state, key.cause);
  return absorb(state, key.index);
}

}  // namespace lockstep
