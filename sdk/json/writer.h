// Writes JSON text: the hot path of capture(), so it allocates only when an event outgrows its
// inline room, and never reads what it wrote again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "sdk/event.h"

namespace lockstep {

class JsonWriter {
 public:
  JsonWriter() noexcept = default;
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  // Text that is JSON already, or punctuation.
  void raw(std::string_view text);
  void raw(char c);
  // A quoted, escaped string. Bytes that are not UTF-8 become U+FFFD, each maximal run of a broken
  // sequence one.
  void string(std::string_view text);
  void value(const Value& value);
  void integer(std::int64_t number);
  void natural(std::uint64_t number);
  // The shortest text that reads back as the same number; null for NaN and infinities.
  void real(double number);
  // `"name":`, preceded by a comma unless it is the first member of its object.
  void member(std::string_view name, bool& first);
  // `"name":value` of each, preceded by a comma unless it is the first of its object.
  void members(const Properties& properties, bool& first);
  // A whole object.
  void object(const Properties& properties);
  void object(const std::map<std::string, std::string>& texts);

  std::string_view text() const noexcept { return {data_, size_}; }
  std::size_t size() const noexcept { return size_; }

 private:
  static constexpr std::size_t kInlineBytes = 4096;

  char* room(std::size_t bytes);
  void escape(unsigned char c);

  char inline_[kInlineBytes];
  std::unique_ptr<char[]> heap_;
  char* data_ = inline_;
  std::size_t size_ = 0;
  std::size_t capacity_ = kInlineBytes;
};

// Whether `text` is exactly one JSON document that may stand inside another one. Depth is not
// limited by the stack.
bool is_json(std::string_view text);

}  // namespace lockstep
