#include "clock/trace.h"

#include <algorithm>
#include <utility>

#include "clock/timestamp.h"

namespace lockstep {
namespace {

// So many bytes as a number, low byte first, whatever the machine's order. A size that the compiler
// knows is one load.
template <std::size_t kSize>
std::uint64_t low_first(const char* bytes) noexcept {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < kSize; ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return word;
}

// The same of 1 to 7 bytes. Parts that overlap agree on what they share, and cost no loop: most of
// what a trace digests are short words.
std::uint64_t low_first_of_few(const char* bytes, std::size_t size) noexcept {
  if (size >= 4) {
    return low_first<4>(bytes) | low_first<4>(bytes + size - 4) << (8 * (size - 4));
  }
  const std::size_t middle = size / 2;
  return low_first<1>(bytes) | low_first<1>(bytes + middle) << (8 * middle) |
         low_first<1>(bytes + size - 1) << (8 * (size - 1));
}

// One step of the digest, where the compiler sees it.
inline std::uint64_t mixed(std::uint64_t state, std::uint64_t number) noexcept {
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15ULL;
  state = (state ^ number) * kFactor;
  return state ^ (state >> 32);
}

// Widths of the columns of a line. Longer texts push the rest of their line to the right.
constexpr std::size_t kNumberWidth = 6;
constexpr std::size_t kTimeWidth = 17;
constexpr std::size_t kLabelWidth = 18;
constexpr std::size_t kCauseWidth = 7;

std::string right_aligned(std::string text, std::size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}

std::string left_aligned(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

bool is_control(char c) noexcept { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

void append_escaped(std::string& out, char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (c == '\n') {
    out += "\\n";
  } else if (is_control(c)) {
    out += "\\x";
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 0xf];
  } else {
    out += c;
  }
}

// Bare where that is clear (so compact JSON stays readable), else in quotes. Two different values
// never give one text.
void append_value(std::string& out, const std::string& value) {
  const bool bare =
      !value.empty() && value.front() != '"' &&
      std::none_of(value.begin(), value.end(), [](char c) { return c == ' ' || is_control(c); });
  if (bare) {
    out += value;
    return;
  }
  out += '"';
  for (const char c : value) append_escaped(out, c);
  out += '"';
}

std::uint64_t digest_step(std::uint64_t state, std::uint64_t number,
                          const TraceStep& step) noexcept {
  state = digest_number(state, number);
  state = digest_number(state, static_cast<std::uint64_t>(step.at.time_since_epoch().count()));
  state = digest_bytes(state, step.label);
  state = digest_number(state, step.cause);
  state = digest_number(state, step.fields.size());
  for (const auto& [name, value] : step.fields) {
    state = digest_bytes(digest_bytes(state, name), value.text());
  }
  return state;
}

TraceEntry make_entry(std::uint64_t number, const TraceStep& step, std::uint64_t digest) {
  TraceEntry entry;
  entry.number = number;
  entry.at = step.at;
  entry.label = step.label;
  entry.cause = step.cause;
  entry.fields.reserve(step.fields.size());
  for (const auto& [name, value] : step.fields) entry.fields.emplace_back(name, value.text());
  entry.digest = digest;
  return entry;
}

// The entry at `at`, or word that there is none.
std::string describe(const std::vector<TraceEntry>& entries, std::size_t at) {
  return at < entries.size() ? entries[at].to_text() : "(the trace ends here)";
}

}  // namespace

std::string TraceEntry::to_text() const {
  auto line = right_aligned(std::to_string(number), kNumberWidth);
  line += right_aligned(to_seconds(at.time_since_epoch()), kTimeWidth) + "  ";
  line += left_aligned(label, kLabelWidth) + ' ';
  line +=
      left_aligned(cause == 0 ? "" : std::string("<").append(std::to_string(cause)), kCauseWidth);
  for (const auto& [name, value] : fields) {
    line += ' ' + name + '=';
    append_value(line, value);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

std::uint64_t Trace::record(Instant at, std::string_view label,
                            std::initializer_list<TraceField> fields, std::uint64_t cause) {
  return record({at, label, cause, {fields.begin(), fields.size()}});
}

std::uint64_t Trace::record(const TraceStep& step) {
  std::unique_lock lock(mutex_);
  const std::uint64_t number = count_ + 1;
  const std::uint64_t digest = digest_step(digest_, number, step);
  if (keeps_) entries_.push_back(make_entry(number, step, digest));
  count_ = number;
  digest_ = digest;
  if (observer_ == nullptr) return number;
  lock.unlock();
  observer_(step);
  return number;
}

void Trace::forget_entries() {
  const std::scoped_lock lock(mutex_);
  keeps_ = false;
}

void Trace::on_record(std::function<void(const TraceStep&)> observer) {
  const std::scoped_lock lock(mutex_);
  observer_ = std::move(observer);
}

std::uint64_t Trace::digest() const {
  const std::scoped_lock lock(mutex_);
  return digest_;
}

std::size_t Trace::size() const {
  const std::scoped_lock lock(mutex_);
  return count_;
}

std::vector<TraceEntry> Trace::entries() const {
  const std::scoped_lock lock(mutex_);
  return entries_;
}

std::string Trace::to_text() const {
  std::string text;
  for (const auto& entry : entries()) text += entry.to_text() + '\n';
  return text;
}

std::optional<std::string> first_divergence(const std::vector<TraceEntry>& left,
                                            const std::vector<TraceEntry>& right,
                                            std::size_t context) {
  const auto [at_left, at_right] =
      std::mismatch(left.begin(), left.end(), right.begin(), right.end(),
                    [](const auto& a, const auto& b) { return a.digest == b.digest; });
  if (at_left == left.end() && at_right == right.end()) return std::nullopt;

  const auto at = static_cast<std::size_t>(at_left - left.begin());
  std::string text = "the traces part at entry " + std::to_string(at + 1) + '\n';
  for (auto i = at - std::min(at, context); i < at; ++i)
    text += "both   " + describe(left, i) + '\n';
  text += "left   " + describe(left, at) + '\n';
  text += "right  " + describe(right, at) + '\n';
  return text;
}

std::uint64_t digest_number(std::uint64_t state, std::uint64_t number) noexcept {
  return mixed(state, number);
}

std::uint64_t digest_bytes(std::uint64_t state, std::string_view bytes) noexcept {
  constexpr std::size_t kStep = 8;
  // The length goes first, so that ("ab", "c") and ("a", "bc") differ.
  state = mixed(state, bytes.size());
  for (; bytes.size() >= kStep; bytes.remove_prefix(kStep)) {
    state = mixed(state, low_first<kStep>(bytes.data()));
  }
  return bytes.empty() ? state : mixed(state, low_first_of_few(bytes.data(), bytes.size()));
}

}  // namespace lockstep
