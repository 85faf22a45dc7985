#include "scenarios/contract/python_values.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace lockstep::contract {

using nlohmann::json;

namespace {

constexpr std::string_view kSpace = " \t\n\v\f\r\x1c\x1d\x1e\x1f";
constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";

// Exact for whole numbers too: a long double holds 64 bits of them.
std::optional<long double> number_of(const json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1.0L : 0.0L;
  if (value.is_number_unsigned()) return static_cast<long double>(value.get<std::uint64_t>());
  if (value.is_number_integer()) return static_cast<long double>(value.get<std::int64_t>());
  if (value.is_number_float()) return static_cast<long double>(value.get<double>());
  return std::nullopt;
}

bool equal_lists(const json& a, const json& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const json& x, const json& y) { return equal(x, y); });
}

bool equal_objects(const json& a, const json& b) {
  if (a.size() != b.size()) return false;
  return std::all_of(a.items().begin(), a.items().end(), [&](const auto& member) {
    const auto other = b.find(member.key());
    return other != b.end() && equal(member.value(), *other);
  });
}

std::string_view stripped(std::string_view text, std::string_view of) {
  const auto begin = std::min(text.find_first_not_of(of), text.size());
  return text.substr(begin, text.find_last_not_of(of) + 1 - begin);
}

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// A literal of int(): its sign, and its digits without the underscores between them.
struct Literal {
  bool negative = false;
  std::string digits;
};

std::optional<Literal> read_literal(std::string_view text, std::string_view digits) {
  text = stripped(text, kSpace);
  Literal literal;
  literal.negative = take(text, "-");
  if (!literal.negative) take(text, "+");
  if (digits == kHexDigits && (take(text, "0x") || take(text, "0X"))) take(text, "_");
  bool after_digit = false;
  for (const char c : text) {
    const bool is_digit = digits.find(c) != std::string_view::npos;
    if (!is_digit && !(c == '_' && after_digit)) return std::nullopt;
    after_digit = is_digit;
    if (is_digit) literal.digits += c;
  }
  if (!after_digit) return std::nullopt;
  literal.digits.erase(0, std::min(literal.digits.find_first_not_of('0'), literal.digits.size()));
  if (literal.digits.empty()) literal = {false, "0"};
  return literal;
}

void erase_each(std::string& text, std::string_view part) {
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at)) {
    text.erase(at, part.size());
  }
}

constexpr std::string_view kTimeShape = "dddd-dd-ddTdd:dd:dd";

bool has_time_shape(std::string_view text) {
  if (text.size() < kTimeShape.size()) return false;
  for (std::size_t i = 0; i < kTimeShape.size(); ++i) {
    const bool fits = kTimeShape[i] == 'd' ? kDigits.find(text[i]) != std::string_view::npos
                                           : kTimeShape[i] == text[i];
    if (!fits) return false;
  }
  auto rest = text.substr(kTimeShape.size());
  if (take(rest, ".")) {
    const auto length = std::min(rest.find_first_not_of(kDigits), rest.size());
    if (length == 0) return false;
    rest.remove_prefix(length);
  }
  return rest == "Z" || rest == "+00:00";
}

int number_at(std::string_view text, std::size_t begin, std::size_t length) {
  int number = 0;
  for (const char digit : text.substr(begin, length)) number = number * 10 + (digit - '0');
  return number;
}

std::chrono::year_month_day date_of(std::string_view text) {
  return {std::chrono::year{number_at(text, 0, 4)},
          std::chrono::month{static_cast<unsigned>(number_at(text, 5, 2))},
          std::chrono::day{static_cast<unsigned>(number_at(text, 8, 2))}};
}

// The digits behind the point.
std::string_view fraction_of(std::string_view text) {
  text.remove_prefix(kTimeShape.size());
  if (!take(text, ".")) return {};
  return text.substr(0, text.find_first_not_of(kDigits));
}

}  // namespace

bool equal(const json& a, const json& b) {
  const auto number = number_of(a);
  if (number) return number == number_of(b);
  if (a.is_array() && b.is_array()) return equal_lists(a, b);
  if (a.is_object() && b.is_object()) return equal_objects(a, b);
  return a == b;
}

bool truthy(const json& value) {
  if (const auto number = number_of(value)) return *number != 0;
  return value.is_string() ? !value.get_ref<const std::string&>().empty() : !value.empty();
}

std::optional<bool> contains(const json& value, const std::string& name) {
  if (value.is_object()) return value.contains(name);
  if (value.is_array()) return std::find(value.begin(), value.end(), name) != value.end();
  if (value.is_string()) {
    return value.get_ref<const std::string&>().find(name) != std::string::npos;
  }
  return std::nullopt;
}

std::optional<std::string> whole_number(std::string_view text) {
  const auto literal = read_literal(text, kDigits);
  if (!literal) return std::nullopt;
  return (literal->negative ? "-" : "") + literal->digits;
}

bool is_uuid(std::string_view text) {
  std::string digits(text);
  erase_each(digits, "urn:");
  erase_each(digits, "uuid:");
  digits = stripped(digits, "{}");
  erase_each(digits, "-");
  if (digits.size() != 32) return false;
  // Python reads the 32 characters as a number, which is why a space or "0x" among them passes.
  const auto literal = read_literal(digits, kHexDigits);
  return literal && !literal->negative;
}

bool is_rfc3339_utc(std::string_view text) {
  if (!has_time_shape(text)) return false;
  const auto date = date_of(text);
  return date.ok() && date.year() >= std::chrono::year{1} && number_at(text, 11, 2) < 24 &&
         number_at(text, 14, 2) < 60 && number_at(text, 17, 2) < 60;
}

std::string instant_of(std::string_view text) {
  std::string instant(text.substr(0, kTimeShape.size()));
  const auto fraction = fraction_of(text);
  const auto length = fraction.find_last_not_of('0') + 1;
  if (length > 0) instant += '.' + std::string(fraction.substr(0, length));
  return instant;
}

std::int64_t microseconds_of(std::string_view text) {
  using namespace std::chrono;
  const auto time = sys_days{date_of(text)} + hours{number_at(text, 11, 2)} +
                    minutes{number_at(text, 14, 2)} + seconds{number_at(text, 17, 2)};
  std::string fraction(fraction_of(text));
  fraction.resize(6, '0');
  return microseconds{time.time_since_epoch()}.count() + number_at(fraction, 0, 6);
}

std::string format_index(std::string_view text, std::int64_t index) {
  std::string out;
  while (!text.empty()) {
    if (take(text, "{{")) {
      out += '{';
    } else if (take(text, "}}")) {
      out += '}';
    } else if (take(text, "{index}")) {
      out += std::to_string(index);
    } else if (text.starts_with('{')) {
      const auto end = text.find('}');
      throw std::invalid_argument(end == std::string_view::npos
                                      ? "a \"{\" without its \"}\""
                                      : "the placeholder \"" +
                                            std::string(text.substr(0, end + 1)) + "\"");
    } else if (text.starts_with('}')) {
      throw std::invalid_argument("a \"}\" without its \"{\"");
    } else {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

}  // namespace lockstep::contract
