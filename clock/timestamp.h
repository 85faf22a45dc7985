// Dates on the wire: RFC 3339 and the three forms of an HTTP date. Time always comes as an
// argument.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "clock/time.h"

namespace lockstep {

// Longest text that write_rfc3339 writes: "YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ".
inline constexpr std::size_t kRfc3339MaxLength = 30;

// Writes `time` in UTC ("Z"), with milliseconds, or with 6 or 9 digits where fewer would lose some
// precision; returns the length. Every WallTime has a year of four digits (1677 to 2262).
// `out` must have room for kRfc3339MaxLength characters; no terminating zero is written.
std::size_t write_rfc3339(WallTime time, char* out) noexcept;
std::string to_rfc3339(WallTime time);

// Reads an RFC 3339 date-time: any offset, 'T'/'t'/' ' between date and time, fraction of any
// length (digits past nanoseconds are cut off), second 60 taken as the next minute. Nothing for any
// other text, an impossible date included, or a time that does not fit a WallTime.
std::optional<WallTime> parse_rfc3339(std::string_view text);

// Seconds with nine digits of fraction, "12.500000000": for traces and messages.
std::string to_seconds(Duration length);

// "Sun, 06 Nov 1994 08:49:37 GMT" (IMF-fixdate, RFC 9110 section 5.6.7).
std::string to_http_date(WallTime time);

// Reads IMF-fixdate, RFC 850 and asctime dates, as RFC 9110 section 5.6.7 requires of a recipient.
// Case matters, as the grammar says; the weekday must be one, but need not be the right one. A
// two-digit year is the one within 50 years of `now`. Second 60 is taken as the next minute.
// A time that does not fit a WallTime is held at the end of its range. Nothing for any other text
// or an impossible date.
std::optional<WallTime> parse_http_date(std::string_view text, WallTime now);

}  // namespace lockstep
