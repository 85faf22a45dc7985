#include "scenarios/schema.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <stdexcept>

#include "clock/timestamp.h"

namespace lockstep::scenario {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t nanoseconds;
};

// Largest first: the order in which a duration names them, and in which it is written.
constexpr std::array<Unit, 7> kUnits{{{"d", 86'400'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"s", 1'000'000'000},
                                      {"ms", 1'000'000},
                                      {"us", 1'000},
                                      {"ns", 1}}};

std::string_view take_while(std::string_view& text, std::string_view allowed) {
  const auto length = std::min(text.find_first_not_of(allowed), text.size());
  const auto taken = text.substr(0, length);
  text.remove_prefix(length);
  return taken;
}

std::optional<std::int64_t> whole(std::string_view digits) {
  std::int64_t value = 0;
  const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || stop != digits.data() + digits.size()) return std::nullopt;
  return value;
}

// "1.5" of a unit, exactly: the fraction is counted in billionths.
std::optional<Duration> scaled(std::string_view digits, std::int64_t unit) {
  const auto point = std::min(digits.find('.'), digits.size());
  const auto integral = whole(digits.substr(0, point));
  if (!integral) return std::nullopt;
  Duration result = saturating_multiply(Duration{unit}, static_cast<std::uint64_t>(*integral));
  if (point == digits.size()) return result;
  std::string fraction(digits.substr(point + 1));
  if (fraction.empty() || fraction.size() > 9) return std::nullopt;
  fraction.resize(9, '0');
  const auto billionths = whole(fraction);
  if (!billionths) return std::nullopt;
  const auto seconds_in_unit = unit / 1'000'000'000;  // of a minute: 60
  const auto rest = unit % 1'000'000'000;  // of a ms: 1000000; times a billion still fits
  return saturating_add(
      result, Duration{seconds_in_unit * *billionths + rest * *billionths / 1'000'000'000});
}

std::string one_of(std::span<const std::string_view> words) {
  std::string text = "one of";
  for (const std::string_view& word : words)
    text += (&word == words.data() ? " " : ", ") + std::string(word);
  return text;
}

std::string names_of(std::span<const Field> fields) {
  if (fields.empty()) return "no parameters";
  std::string text = "one of";
  for (const Field& field : fields) {
    text += (&field == fields.data() ? " " : ", ") + std::string(field.name);
  }
  return text;
}

bool is_word(const std::string& text, std::span<const std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

bool all_texts(const Node& node) {
  return node.is(Node::Kind::list) &&
         std::all_of(node.items().begin(), node.items().end(),
                     [](const Node& item) { return item.is(Node::Kind::text); });
}

std::optional<std::string> not_integer(const Node& value, std::int64_t least, std::int64_t most) {
  if (!value.is(Node::Kind::integer)) return "a whole number";
  if (value.integer() >= least && value.integer() <= most) return std::nullopt;
  if (most == std::numeric_limits<std::int64_t>::max())
    return "a whole number that is not negative";
  return "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
}

std::optional<std::string> not_duration(const Node& value, Duration least) {
  const auto parsed =
      value.is(Node::Kind::text) ? parse_duration(value.text()) : std::optional<Duration>{};
  if (!parsed) return "a duration such as 300ms or 1h30m";
  if (*parsed >= least) return std::nullopt;
  return "a duration that is not negative, such as 300ms or 1h30m";
}

// What would be right; nothing when the value is.
std::optional<std::string> mismatch(const Node& value, const Field& field) {
  using Kind = Node::Kind;
  using Limits = std::numeric_limits<std::int64_t>;
  const auto unless = [](bool right, std::string expected) {
    return right ? std::nullopt : std::optional(std::move(expected));
  };
  switch (field.type) {
    case Type::any:
      return std::nullopt;
    case Type::boolean:
      return unless(value.is(Kind::boolean), "true or false");
    case Type::integer:
      return not_integer(value, 0, Limits::max());
    case Type::signed_integer:
      return not_integer(value, Limits::min(), Limits::max());
    case Type::count:
      return not_integer(value, 0, kMostMade);
    case Type::size:
      return not_integer(value, 0, kMostBytes);
    case Type::number:
      return unless(value.is_number(), "a number");
    case Type::text:
      return unless(value.is(Kind::text), "a text");
    case Type::scalar:
      return unless(!value.is(Kind::list) && !value.is(Kind::map), "a single value");
    case Type::duration:
      return not_duration(value, Duration::zero());
    case Type::signed_duration:
      return not_duration(value, Duration::min());
    case Type::instant:
      return unless(value.is(Kind::text) && parse_rfc3339(value.text()),
                    "a date and time such as 2025-01-01T00:00:00Z");
    case Type::word:
      return unless(is_word(value.text(), field.words), one_of(field.words));
    case Type::object:
      return unless(value.is(Kind::map), "a map");
    case Type::list:
      return unless(value.is(Kind::list), "a list");
    case Type::texts:
      if (!all_texts(value)) return "a list of texts";
      for (const Node& item : value.items()) {
        if (!field.words.empty() && !is_word(item.text(), field.words)) {
          return one_of(field.words) + " (not \"" + item.text() + "\")";
        }
      }
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

void check_fields(const Node& map, std::span<const Field> fields, const std::string& owner, Mark at,
                  const std::string& file, std::vector<Problem>& problems) {
  if (!map.is(Node::Kind::map) && !map.is(Node::Kind::null)) {
    problems.push_back({file, map.at(), map.describe(), "a map with the fields of " + owner});
    return;
  }
  for (const Node::Entry& entry : map.entries()) {
    const auto field = std::find_if(fields.begin(), fields.end(),
                                    [&](const Field& one) { return one.name == entry.key; });
    if (field == fields.end()) {
      problems.push_back({file, entry.at, "\"" + entry.key + "\" in " + owner, names_of(fields)});
      continue;
    }
    if (auto expected = mismatch(entry.value, *field)) {
      problems.push_back({file, entry.value.at(), entry.value.describe(),
                          *expected + " as \"" + entry.key + "\" of " + owner});
      continue;
    }
    if (field->fields.empty()) continue;
    const std::string inner = "\"" + entry.key + "\" of " + owner;
    if (field->type == Type::object) {
      check_fields(entry.value, field->fields, inner, entry.at, file, problems);
    } else if (field->type == Type::list) {
      for (const Node& item : entry.value.items()) {
        check_fields(item, field->fields, inner, item.at(), file, problems);
      }
    }
  }
  for (const Field& field : fields) {
    if (field.required && map.find(field.name) == nullptr) {
      problems.push_back({file, at, owner + " without \"" + std::string(field.name) + "\"",
                          std::string(field.help)});
    }
  }
}

std::optional<Duration> parse_duration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  Duration total{0};
  auto unit = kUnits.begin();
  while (!text.empty()) {
    const auto digits = take_while(text, "0123456789.");
    const auto name = take_while(text, "dhmsun");
    unit = std::find_if(unit, kUnits.end(), [&](const Unit& one) { return one.name == name; });
    if (unit == kUnits.end()) return std::nullopt;
    const auto part = scaled(digits, unit->nanoseconds);
    if (!part) return std::nullopt;
    total = saturating_add(total, *part);
    ++unit;
  }
  return negative ? -total : total;
}

std::string to_text(Duration duration) {
  if (duration == Duration::zero()) return "0s";
  std::string text = duration < Duration::zero() ? "-" : "";
  // The most negative duration has no positive counterpart.
  auto rest = duration < Duration::zero() ? 0 - static_cast<std::uint64_t>(duration.count())
                                          : static_cast<std::uint64_t>(duration.count());
  for (const Unit& unit : kUnits) {
    const auto size = static_cast<std::uint64_t>(unit.nanoseconds);
    if (rest >= size) text += std::to_string(rest / size) + std::string(unit.name);
    rest %= size;
  }
  return text;
}

Mark place_of(const Node& root, std::string_view path) {
  const Node* node = &root;
  while (!path.empty()) {
    const Node* next = nullptr;
    if (path.starts_with('[')) {
      std::size_t index = 0;
      const auto end = path.find(']');
      std::from_chars(path.data() + 1, path.data() + std::min(end, path.size()), index);
      if (index < node->items().size()) next = &node->items()[index];
      path.remove_prefix(std::min(end, path.size() - 1) + 1);
    } else {
      const auto end = std::min(path.find_first_of(".["), path.size());
      next = node->find(path.substr(0, end));
      path.remove_prefix(end);
    }
    if (path.starts_with('.')) path.remove_prefix(1);
    if (next == nullptr) break;
    node = next;
  }
  return node->at();
}

const Node& Params::node(std::string_view name) const {
  const Node* found = map_.find(name);
  if (found == nullptr) throw std::logic_error("no parameter " + std::string(name));
  return *found;
}

Duration Params::duration(std::string_view name) const {
  const auto parsed = parse_duration(node(name).text());
  if (!parsed) throw std::logic_error("parameter " + std::string(name) + " is not a duration");
  return *parsed;
}

Duration Params::milliseconds(std::string_view name) const {
  return saturating_multiply(std::chrono::milliseconds{1},
                             static_cast<std::uint64_t>(integer(name)));
}

std::vector<std::string> Params::texts(std::string_view name) const {
  std::vector<std::string> out;
  for (const Node& item : node(name).items()) out.push_back(item.text());
  return out;
}

}  // namespace lockstep::scenario
