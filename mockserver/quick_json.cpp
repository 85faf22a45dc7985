#include "mockserver/quick_json.h"

#include <simdjson.h>

#include <new>

#include "mockserver/json_text.h"

namespace lockstep::mock {

namespace {

// A container without members is a level that this parser does not count, so that what it accepts
// is nested no deeper than the limit.
simdjson::dom::parser new_parser() {
  simdjson::dom::parser parser;
  if (parser.allocate(0, kMaxJsonDepth) != simdjson::SUCCESS) throw std::bad_alloc();
  return parser;
}

}  // namespace

bool parse_quickly(std::string_view text, simdjson::dom::element& root) {
  // Some versions of this parser read past it, and then its places are not those of the text.
  if (text.starts_with(kByteOrderMark)) return false;
  // Room is kept for the next text, unless it is unusually much.
  constexpr std::size_t kKeptCapacity = std::size_t{1} << 20;
  thread_local simdjson::dom::parser parser = new_parser();
  if (parser.capacity() > kKeptCapacity && text.size() <= kKeptCapacity) parser = new_parser();
  return parser.parse(text.data(), text.size()).get(root) == simdjson::SUCCESS;
}

}  // namespace lockstep::mock
