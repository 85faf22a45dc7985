#include "clock/timestamp.h"

#include <array>
#include <chrono>
#include <tuple>

namespace lockstep {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int64_t kNanosecondsPerDay = kSecondsPerDay * kNanosecondsPerSecond;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kShortDays = {"Sun", "Mon", "Tue", "Wed",
                                                        "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 7> kLongDays = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

// A date and a time of day, as texts hold them. The second may be 60 (a leap second).
struct Civil {
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::int64_t nanosecond = 0;
};

// --- a WallTime taken apart ----------------------------------------------------------------------

struct DayAndTime {
  std::chrono::sys_days day;
  std::int64_t nanoseconds;  // since the day began
};

// By hand, because std::chrono::floor overflows on the first day of the range.
DayAndTime split(WallTime time) noexcept {
  const std::int64_t count = Duration{time.time_since_epoch()}.count();
  std::int64_t days = count / kNanosecondsPerDay;
  std::int64_t rest = count % kNanosecondsPerDay;
  if (rest < 0) {
    rest += kNanosecondsPerDay;
    --days;
  }
  return {std::chrono::sys_days{std::chrono::days{days}}, rest};
}

Civil to_civil(DayAndTime at) noexcept {
  const std::chrono::year_month_day date{at.day};
  const auto seconds = static_cast<int>(at.nanoseconds / kNanosecondsPerSecond);
  Civil civil;
  civil.year = static_cast<int>(date.year());
  civil.month = static_cast<int>(static_cast<unsigned>(date.month()));
  civil.day = static_cast<int>(static_cast<unsigned>(date.day()));
  civil.hour = seconds / 3600;
  civil.minute = seconds / 60 % 60;
  civil.second = seconds % 60;
  civil.nanosecond = at.nanoseconds % kNanosecondsPerSecond;
  return civil;
}

// --- and put together ----------------------------------------------------------------------------

// Nothing where seconds and nanoseconds since 1970 do not fit.
std::optional<WallTime> to_wall_time(std::int64_t seconds, std::int64_t nanoseconds) noexcept {
  // Towards zero, so that the first second of the range does not overflow on the way.
  if (seconds < 0 && nanoseconds > 0) {
    ++seconds;
    nanoseconds -= kNanosecondsPerSecond;
  }
  constexpr auto kTop = std::numeric_limits<std::int64_t>::max();
  constexpr auto kBottom = std::numeric_limits<std::int64_t>::min();
  if (seconds > kTop / kNanosecondsPerSecond || seconds < kBottom / kNanosecondsPerSecond) {
    return std::nullopt;
  }
  const std::int64_t whole = seconds * kNanosecondsPerSecond;
  if (nanoseconds > 0 && whole > kTop - nanoseconds) return std::nullopt;
  if (nanoseconds < 0 && whole < kBottom - nanoseconds) return std::nullopt;
  return WallTime{Duration{whole + nanoseconds}};
}

// Nothing for an impossible date or time of day. `offset_seconds` is how far local time is ahead.
std::optional<WallTime> to_wall_time(const Civil& civil, std::int64_t offset_seconds) noexcept {
  const std::chrono::year_month_day date{std::chrono::year{civil.year},
                                         std::chrono::month{static_cast<unsigned>(civil.month)},
                                         std::chrono::day{static_cast<unsigned>(civil.day)}};
  if (!date.ok() || civil.hour > 23 || civil.minute > 59 || civil.second > 60) return std::nullopt;
  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t time_of_day = civil.hour * 3600 + civil.minute * 60 + civil.second;
  return to_wall_time(days * kSecondsPerDay + time_of_day - offset_seconds, civil.nanosecond);
}

// --- writing -------------------------------------------------------------------------------------

// Writes `value` as exactly so many digits; returns the place behind them. A template over 32 bits,
// because the compiler then unrolls it: a timestamp is written for every captured event.
template <int kDigits>
char* write_digits(char* out, std::int64_t value) noexcept {
  auto rest = static_cast<std::uint32_t>(value);
  for (int at = kDigits - 1; at >= 0; --at) {
    out[at] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  }
  return out + kDigits;
}

char* write_time_of_day(char* out, const Civil& civil) noexcept {
  out = write_digits<2>(out, civil.hour);
  *out++ = ':';
  out = write_digits<2>(out, civil.minute);
  *out++ = ':';
  return write_digits<2>(out, civil.second);
}

char* write_text(char* out, std::string_view text) noexcept {
  for (const char c : text) *out++ = c;
  return out;
}

// --- reading -------------------------------------------------------------------------------------

// Reads a text from its front. A step that does not match makes the whole reading fail, and every
// step after a failure does nothing, so a grammar is written down as a plain list of steps.
class Reader {
 public:
  explicit Reader(std::string_view text) noexcept : rest_(text) {}

  bool at_end() const noexcept { return ok_ && rest_.empty(); }
  char peek() const noexcept { return !ok_ || rest_.empty() ? '\0' : rest_.front(); }

  void expect(std::string_view text) noexcept {
    if (!ok_ || !rest_.starts_with(text)) return fail();
    rest_.remove_prefix(text.size());
  }

  // One of the characters of `allowed`.
  char one_of(std::string_view allowed) noexcept {
    if (!ok_ || rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    return c;
  }

  // Exactly `count` digits.
  int digits(int count) noexcept {
    int value = 0;
    for (int i = 0; i < count; ++i) value = value * 10 + digit();
    return ok_ ? value : 0;
  }

  // The index of the first of `names` that stands here.
  template <std::size_t Size>
  int name(const std::array<std::string_view, Size>& names) noexcept {
    for (std::size_t i = 0; ok_ && i < Size; ++i) {
      if (!rest_.starts_with(names[i])) continue;
      rest_.remove_prefix(names[i].size());
      return static_cast<int>(i);
    }
    fail();
    return 0;
  }

  // One digit or more as a decimal fraction, in nanoseconds; digits past the ninth are cut off.
  std::int64_t fraction() noexcept {
    std::int64_t value = 0;
    std::int64_t unit = kNanosecondsPerSecond;
    do {
      unit /= 10;
      value += unit * digit();
    } while (peek() >= '0' && peek() <= '9');
    return value;
  }

 private:
  int digit() noexcept {
    const char c = peek();
    if (c < '0' || c > '9') {
      fail();
      return 0;
    }
    rest_.remove_prefix(1);
    return c - '0';
  }

  void fail() noexcept { ok_ = false; }

  std::string_view rest_;
  bool ok_ = true;
};

void read_time_of_day(Reader& reader, Civil& civil) noexcept {
  civil.hour = reader.digits(2);
  reader.expect(":");
  civil.minute = reader.digits(2);
  reader.expect(":");
  civil.second = reader.digits(2);
}

// "Z", "+01:00"; seconds ahead of UTC. Nothing for an offset of a day or more.
std::optional<std::int64_t> read_offset(Reader& reader) noexcept {
  const char sign = reader.one_of("Zz+-");
  if (sign == 'Z' || sign == 'z') return 0;
  const int hours = reader.digits(2);
  reader.expect(":");
  const int minutes = reader.digits(2);
  if (hours > 23 || minutes > 59) return std::nullopt;
  const std::int64_t seconds = hours * 3600 + minutes * 60;
  return sign == '-' ? -seconds : seconds;
}

// "Sun, 06 Nov 1994 08:49:37 GMT"
std::optional<Civil> read_imf_fixdate(std::string_view text) noexcept {
  Reader reader(text);
  Civil civil;
  reader.name(kShortDays);
  reader.expect(", ");
  civil.day = reader.digits(2);
  reader.expect(" ");
  civil.month = reader.name(kMonths) + 1;
  reader.expect(" ");
  civil.year = reader.digits(4);
  reader.expect(" ");
  read_time_of_day(reader, civil);
  reader.expect(" GMT");
  return reader.at_end() ? std::optional(civil) : std::nullopt;
}

// "Sunday, 06-Nov-94 08:49:37 GMT"; the year is left at its two digits.
std::optional<Civil> read_rfc850_date(std::string_view text) noexcept {
  Reader reader(text);
  Civil civil;
  reader.name(kLongDays);
  reader.expect(", ");
  civil.day = reader.digits(2);
  reader.expect("-");
  civil.month = reader.name(kMonths) + 1;
  reader.expect("-");
  civil.year = reader.digits(2);
  reader.expect(" ");
  read_time_of_day(reader, civil);
  reader.expect(" GMT");
  return reader.at_end() ? std::optional(civil) : std::nullopt;
}

// "Sun Nov  6 08:49:37 1994"
std::optional<Civil> read_asctime_date(std::string_view text) noexcept {
  Reader reader(text);
  Civil civil;
  reader.name(kShortDays);
  reader.expect(" ");
  civil.month = reader.name(kMonths) + 1;
  reader.expect(" ");
  const bool padded = reader.peek() == ' ';
  if (padded) reader.expect(" ");
  civil.day = reader.digits(padded ? 1 : 2);
  reader.expect(" ");
  read_time_of_day(reader, civil);
  reader.expect(" ");
  civil.year = reader.digits(4);
  return reader.at_end() ? std::optional(civil) : std::nullopt;
}

// The year that ends in the two digits of `civil.year` and puts the date within 50 years of `now`.
// A date that seems to lie more than 50 years ahead is one of the past (RFC 9110 section 5.6.7).
int full_year(const Civil& civil, const Civil& now) noexcept {
  int year = now.year - now.year % 100 + civil.year;
  if (year < now.year - 50) year += 100;
  if (year > now.year + 50) year -= 100;
  const auto within_year = [](const Civil& c) {
    return std::tuple(c.month, c.day, c.hour, c.minute, c.second, c.nanosecond);
  };
  const bool later_in_year = within_year(civil) > within_year(now);
  if (year == now.year + 50 && later_in_year) return year - 100;
  if (year == now.year - 50 && !later_in_year) return year + 100;
  return year;
}

}  // namespace

std::size_t write_rfc3339(WallTime time, char* const out) noexcept {
  const auto civil = to_civil(split(time));
  char* at = write_digits<4>(out, civil.year);
  *at++ = '-';
  at = write_digits<2>(at, civil.month);
  *at++ = '-';
  at = write_digits<2>(at, civil.day);
  *at++ = 'T';
  at = write_time_of_day(at, civil);
  *at++ = '.';
  if (civil.nanosecond % 1'000'000 == 0) {
    at = write_digits<3>(at, civil.nanosecond / 1'000'000);
  } else if (civil.nanosecond % 1'000 == 0) {
    at = write_digits<6>(at, civil.nanosecond / 1'000);
  } else {
    at = write_digits<9>(at, civil.nanosecond);
  }
  *at++ = 'Z';
  return static_cast<std::size_t>(at - out);
}

std::string to_rfc3339(WallTime time) {
  std::array<char, kRfc3339MaxLength> text;
  return {text.data(), write_rfc3339(time, text.data())};
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  Reader reader(text);
  Civil civil;
  civil.year = reader.digits(4);
  reader.expect("-");
  civil.month = reader.digits(2);
  reader.expect("-");
  civil.day = reader.digits(2);
  reader.one_of("Tt ");
  read_time_of_day(reader, civil);
  if (reader.peek() == '.') {
    reader.expect(".");
    civil.nanosecond = reader.fraction();
  }
  const auto offset = read_offset(reader);
  if (!reader.at_end() || !offset) return std::nullopt;
  return to_wall_time(civil, *offset);
}

std::string to_seconds(Duration length) {
  // The magnitude as an unsigned number: that of the smallest Duration has no signed one.
  const bool negative = length.count() < 0;
  const auto count = static_cast<std::uint64_t>(length.count());
  const auto magnitude = negative ? 0 - count : count;
  constexpr auto kUnit = static_cast<std::uint64_t>(kNanosecondsPerSecond);
  std::array<char, 9> fraction;
  write_digits<9>(fraction.data(), static_cast<std::int64_t>(magnitude % kUnit));
  std::string text = negative ? "-" : "";
  text += std::to_string(magnitude / kUnit);
  text += '.';
  return text.append(fraction.data(), fraction.size());
}

std::string to_http_date(WallTime time) {
  const auto at = split(time);
  const auto civil = to_civil(at);
  std::array<char, 29> text;
  char* out = write_text(text.data(), kShortDays[std::chrono::weekday{at.day}.c_encoding()]);
  out = write_text(out, ", ");
  out = write_digits<2>(out, civil.day);
  *out++ = ' ';
  out = write_text(out, kMonths[static_cast<std::size_t>(civil.month - 1)]);
  *out++ = ' ';
  out = write_digits<4>(out, civil.year);
  *out++ = ' ';
  out = write_time_of_day(out, civil);
  write_text(out, " GMT");
  return {text.data(), text.size()};
}

namespace {

// A date that exists but does not fit a WallTime is held at the end of the range: "Retry-After: a
// date in the year 9999" asks for much patience, not for none.
std::optional<WallTime> held_wall_time(const Civil& civil) noexcept {
  if (const auto time = to_wall_time(civil, 0)) return time;
  Civil in_range = civil;
  in_range.year = std::chrono::year{civil.year}.is_leap() ? 2000 : 2001;
  if (!to_wall_time(in_range, 0)) return std::nullopt;
  // HTTP dates are whole seconds.
  using std::chrono::seconds;
  return civil.year > in_range.year ? std::chrono::floor<seconds>(WallTime::max())
                                    : std::chrono::ceil<seconds>(WallTime::min());
}

}  // namespace

std::optional<WallTime> parse_http_date(std::string_view text, WallTime now) {
  if (const auto civil = read_imf_fixdate(text)) return held_wall_time(*civil);
  if (const auto civil = read_asctime_date(text)) return held_wall_time(*civil);
  auto civil = read_rfc850_date(text);
  if (!civil) return std::nullopt;
  civil->year = full_year(*civil, to_civil(split(now)));
  return to_wall_time(*civil, 0);
}

}  // namespace lockstep
