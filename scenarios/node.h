// A YAML document as plain values that remember where they stood in their file.
//
// The rule of this file: it knows YAML and positions, nothing about scenarios. Everything a person
// can get wrong in a file is reported as a Problem with line and column; nothing throws.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lockstep::scenario {

// A place in a file; line and column count from 1.
struct Mark {
  int line = 0;
  int column = 0;
  int file = 0;  // which one, where a document is put together from several
};

// Something wrong in a file: where, what stands there, and what should.
struct Problem {
  std::string file;
  Mark at;
  std::string found;
  std::string expected;

  // "FILE:LINE:COLUMN: found FOUND; expected EXPECTED"
  std::string to_text() const;
};

class Node {
 public:
  // include: the name of a file to stand here, written `!include NAME`; the caller's to resolve.
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, list, map, include };
  struct Entry;

  Node() = default;
  // A scalar as YAML's core schema reads a plain one: null, true, 12, 0x1f, 1.5, or text.
  static Node plain(std::string text, Mark at);
  static Node quoted(std::string text, Mark at);
  static Node integer(std::int64_t value, Mark at);
  static Node include(std::string name, Mark at);
  static Node list(Mark at);
  static Node map(Mark at);

  Kind kind() const noexcept { return kind_; }
  bool is(Kind kind) const noexcept { return kind_ == kind; }
  bool is_number() const noexcept { return is(Kind::integer) || is(Kind::real); }
  Mark at() const noexcept { return at_; }

  bool boolean() const noexcept { return integer_ != 0; }
  std::int64_t integer() const noexcept { return integer_; }
  // Of an integer as well.
  double real() const noexcept { return real_; }
  // A scalar as it is written; "" for lists and maps.
  const std::string& text() const noexcept { return text_; }
  const std::vector<Node>& items() const noexcept { return items_; }
  std::vector<Node>& items() noexcept { return items_; }
  const std::vector<Entry>& entries() const noexcept { return entries_; }
  std::vector<Entry>& entries() noexcept { return entries_; }
  // The value of a map's key; nullptr when there is none.
  const Node* find(std::string_view key) const noexcept;

  // This value, standing elsewhere: what a placeholder becomes.
  Node moved_to(Mark at) const;

  // The value as JSON text. What YAML has and JSON lacks (infinities) becomes null.
  std::string to_json() const;
  // For messages: "the text \"abc\"", "the number 3", "a list", ...
  std::string describe() const;

 private:
  void write_json(std::string& out) const;

  Kind kind_ = Kind::null;
  Mark at_;
  std::int64_t integer_ = 0;
  double real_ = 0;
  std::string text_;
  std::vector<Node> items_;
  std::vector<Entry> entries_;
};

struct Node::Entry {
  std::string key;
  Mark at;
  Node value;
};

// Reads the one document in `text`. Bytes that are not UTF-8, syntax errors, a key that stands
// twice in a map, keys that are not plain texts and a second document are problems; the node is
// then as far as it was read. `index` becomes the Mark::file of its places.
Node parse_yaml(const std::string& text, const std::string& file, std::vector<Problem>& problems,
                int index = 0);

// `text` as a JSON string, quotes included.
std::string json_quoted(std::string_view text);

}  // namespace lockstep::scenario
