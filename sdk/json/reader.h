// Looks into JSON text without building a document: for answers of servers, of which little is
// wanted and whose size and shape a server chooses. What is not asked for costs one pass over it
// and no memory.
//
// The text must be JSON (is_json() in json/writer.h). Views point into it. Nothing here recurses.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lockstep {

// The items of an object or an array, in order:
//
//   for (JsonItems items(text); items.next();) use(items.name(), items.value());
class JsonItems {
 public:
  // A text that is neither has no items.
  explicit JsonItems(std::string_view container);

  // Goes to the next item, at first to the first one; false when there is none.
  bool next();
  // Of an object's member: its name as it is written, quoted and escaped. Of an array's: empty.
  std::string_view name() const noexcept { return name_; }
  // The value as it is written.
  std::string_view value() const noexcept { return value_; }

 private:
  std::string_view take_value();
  void skip_space();

  std::string_view rest_;
  bool object_ = false;
  std::string_view name_;
  std::string_view value_;
};

// The value of an object's member, as it is written; the last one where there are several. Nothing
// when `object` is not an object or has no such member.
std::optional<std::string_view> find_member(std::string_view object, std::string_view name);

// What a quoted and escaped string says; nothing when `value` is not a string.
std::optional<std::string> string_value(std::string_view value);

// Whether an array has that string among its items; false for what is not an array.
bool has_item(std::string_view array, std::string_view item);

}  // namespace lockstep
