#include "sdk/json/writer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

namespace lockstep {

namespace {

// Per byte: 0 copy, 1 escape, 2 first byte of a longer UTF-8 sequence (or broken).
constexpr std::array<std::uint8_t, 256> kClass = [] {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 1;
  table['"'] = 1;
  table['\\'] = 1;
  for (std::size_t c = 0x80; c < 0x100; ++c) table[c] = 2;
  return table;
}();

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

struct Sequence {
  std::size_t length;  // bytes to take
  bool valid;
};

// The UTF-8 sequence at the start of `text`, whose first byte is not ASCII (Unicode 15, table 3-7).
Sequence utf8_sequence(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {1, false};
  }
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || byte(i) < low || byte(i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

}  // namespace

char* JsonWriter::room(std::size_t bytes) {
  if (capacity_ - size_ < bytes) {
    std::size_t capacity = capacity_ * 2;
    while (capacity - size_ < bytes) capacity *= 2;
    std::unique_ptr<char[]> larger(new char[capacity]);
    std::memcpy(larger.get(), data_, size_);
    heap_ = std::move(larger);
    data_ = heap_.get();
    capacity_ = capacity;
  }
  return data_ + size_;
}

void JsonWriter::raw(std::string_view text) {
  if (text.empty()) return;  // an empty view may point nowhere
  std::memcpy(room(text.size()), text.data(), text.size());
  size_ += text.size();
}

void JsonWriter::raw(char c) {
  *room(1) = c;
  ++size_;
}

void JsonWriter::escape(unsigned char c) {
  static constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      return raw("\\\"");
    case '\\':
      return raw("\\\\");
    case '\n':
      return raw("\\n");
    case '\r':
      return raw("\\r");
    case '\t':
      return raw("\\t");
    case '\b':
      return raw("\\b");
    case '\f':
      return raw("\\f");
    default:
      break;
  }
  const char escaped[] = {'\\', 'u', '0', '0', kHex[c >> 4], kHex[c & 15]};
  raw(std::string_view(escaped, sizeof escaped));
}

void JsonWriter::string(std::string_view text) {
  raw('"');
  std::size_t done = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (kClass[c] == 0) {
      ++i;
      continue;
    }
    if (kClass[c] == 2) {
      const Sequence sequence = utf8_sequence(text.substr(i));
      if (!sequence.valid) {
        raw(text.substr(done, i - done));
        raw(kReplacement);
        done = i + sequence.length;
      }
      i += sequence.length;
      continue;
    }
    raw(text.substr(done, i - done));
    escape(c);
    done = ++i;
  }
  raw(text.substr(done));
  raw('"');
}

void JsonWriter::integer(std::int64_t number) {
  char* out = room(24);
  size_ += static_cast<std::size_t>(std::to_chars(out, out + 24, number).ptr - out);
}

void JsonWriter::natural(std::uint64_t number) {
  char* out = room(24);
  size_ += static_cast<std::size_t>(std::to_chars(out, out + 24, number).ptr - out);
}

void JsonWriter::real(double number) {
  if (!std::isfinite(number)) return raw("null");
  char* out = room(40);
  size_ += static_cast<std::size_t>(std::to_chars(out, out + 40, number).ptr - out);
}

void JsonWriter::value(const Value& value) {
  switch (value.kind()) {
    case Value::Kind::null:
      return raw("null");
    case Value::Kind::boolean:
      return raw(value.boolean() ? "true" : "false");
    case Value::Kind::integer:
      return integer(value.integer());
    case Value::Kind::natural:
      return natural(value.natural());
    case Value::Kind::real:
      return real(value.real());
    case Value::Kind::text:
      return string(value.text());
    case Value::Kind::json:
      return raw(value.text());
  }
}

void JsonWriter::member(std::string_view name, bool& first) {
  if (!first) raw(',');
  first = false;
  string(name);
  raw(':');
}

void JsonWriter::members(const Properties& properties, bool& first) {
  for (std::size_t i = 0; i < properties.size(); ++i) {
    const auto [name, json] = properties.at(i);
    member(name, first);
    raw(json);
  }
}

void JsonWriter::object(const Properties& properties) {
  raw('{');
  bool first = true;
  members(properties, first);
  raw('}');
}

void JsonWriter::object(const std::map<std::string, std::string>& texts) {
  raw('{');
  bool first = true;
  for (const auto& [name, text] : texts) {
    member(name, first);
    string(text);
  }
  raw('}');
}

bool is_json(std::string_view text) {
  // The parser skips a byte order mark at the start and takes a zero byte for the end; in the
  // middle of a batch both would make the whole of it unreadable.
  if (text.starts_with("\xEF\xBB\xBF") || text.find('\0') != std::string_view::npos) return false;
  return nlohmann::json::accept(text.begin(), text.end());
}

}  // namespace lockstep
