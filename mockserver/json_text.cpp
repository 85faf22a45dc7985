#include "mockserver/json_text.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "mockserver/quick_json.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

// Builds a value from the parser's events.
class Builder final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return put(nullptr); }
  bool boolean(bool value) override { return put(value); }
  bool number_integer(number_integer_t value) override { return put(value); }
  bool number_unsigned(number_unsigned_t value) override { return put(value); }
  bool number_float(number_float_t value, const string_t&) override { return put(value); }
  bool string(string_t& value) override { return put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Json::object()); }
  bool end_object() override { return close(); }
  bool start_array(std::size_t) override { return open(Json::array()); }
  bool end_array() override { return close(); }

  bool key(string_t& name) override {
    Level& level = levels_.back();
    auto& members = level.container->get_ref<Json::object_t&>();
    const auto [member, is_new] = members.try_emplace(std::move(name), nullptr);
    level.key = &member->first;
    level.member = &member->second;
    if (!is_new) result_.duplicate_keys.push_back(path());
    return true;
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    const std::string_view what = error.what();
    const auto name_end = what.find("] ");  // "[json.exception.parse_error.101] parse error at ..."
    result_.error = what.substr(name_end == std::string_view::npos ? 0 : name_end + 2);
    return false;
  }

  JsonText take(bool parsed) && {
    if (parsed) result_.value = std::make_shared<Json>(std::move(root_));
    return std::move(result_);
  }

 private:
  struct Level {
    Json* container;
    const std::string* key = nullptr;  // of an object: the member that comes
    Json* member = nullptr;
  };

  template <typename Value>
  bool put(Value&& value) {
    place() = std::forward<Value>(value);
    return true;
  }

  // Where the next value goes. A container that is open is not moved: its parent does not grow.
  Json& place() {
    if (levels_.empty()) return root_;
    Level& level = levels_.back();
    if (level.member != nullptr) return *level.member;
    auto& elements = level.container->get_ref<Json::array_t&>();
    return elements.emplace_back();
  }

  bool open(Json empty) {
    if (levels_.size() == kMaxJsonDepth) {
      result_.error = "nested deeper than " + std::to_string(kMaxJsonDepth) + " levels";
      return false;
    }
    Json& value = place();
    value = std::move(empty);
    levels_.push_back({&value});
    return true;
  }

  bool close() {
    levels_.pop_back();
    return true;
  }

  std::string path() const {
    std::string text;
    for (const Level& level : levels_) {
      if (level.key != nullptr) {
        text += (text.empty() ? "" : ".") + *level.key;
      } else {
        text += '[' + std::to_string(level.container->size() - 1) + ']';
      }
    }
    return text;
  }

  Json root_;
  std::vector<Level> levels_;
  JsonText result_;
};

// Hands what simdjson read to a builder, which says where it has enough: values may be too deep.
class HandOver {
 public:
  explicit HandOver(Builder& to) : to_(to) {}

  bool value(simdjson::dom::element element) {
    using Type = simdjson::dom::element_type;
    switch (element.type()) {
      case Type::OBJECT:
        return object(element.get_object().value_unsafe());
      case Type::ARRAY:
        return array(element.get_array().value_unsafe());
      case Type::STRING:
        word_ = element.get_string().value_unsafe();
        return to_.string(word_);
      case Type::INT64:
        return integer(element.get_int64().value_unsafe());
      case Type::UINT64:
        return to_.number_unsigned(element.get_uint64().value_unsafe());
      case Type::DOUBLE:
        return to_.number_float(element.get_double().value_unsafe(), {});
      case Type::BOOL:
        return to_.boolean(element.get_bool().value_unsafe());
      case Type::NULL_VALUE:
        return to_.null();
    }
    return false;
  }

 private:
  bool object(simdjson::dom::object members) {
    if (!to_.start_object(members.size())) return false;
    for (const auto member : members) {
      word_ = member.key;
      if (!to_.key(word_) || !value(member.value)) return false;
    }
    return to_.end_object();
  }

  bool array(simdjson::dom::array elements) {
    if (!to_.start_array(elements.size())) return false;
    for (const auto element : elements) {
      if (!value(element)) return false;
    }
    return to_.end_array();
  }

  // The other library counts what has no sign as unsigned.
  bool integer(std::int64_t number) {
    return number < 0 ? to_.number_integer(number)
                      : to_.number_unsigned(static_cast<std::uint64_t>(number));
  }

  Builder& to_;
  std::string word_;
};

// Walks valid JSON without understanding more of it than where values end.
class Walker {
 public:
  explicit Walker(std::string_view text) : text_(text) {}

  char peek() {
    while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  void skip_mark() { ++at_; }

  // Past the value that begins here.
  Slice value() {
    peek();
    const std::size_t begin = at_;
    std::size_t depth = 0;
    do {
      const char c = text_[at_];
      if (c == '"') {
        string();
      } else {
        depth += kDeeper[static_cast<unsigned char>(c)];
        ++at_;
      }
      if (depth == 0 && (at_ == text_.size() || c == '"' || is_end(text_[at_]))) break;
    } while (at_ < text_.size());
    return {begin, at_ - begin};
  }

  std::vector<Slice> elements() {
    std::vector<Slice> found;
    skip_mark();
    while (peek() != ']') {
      found.push_back(value());
      if (peek() == ',') skip_mark();
    }
    return found;
  }

  std::string_view slice(Slice part) const { return text_.substr(part.begin, part.size); }

 private:
  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }
  static bool is_end(char c) { return c == ',' || c == '}' || c == ']' || c == ':' || is_space(c); }

  // By how much the text is nested deeper behind each byte; one less is the greatest number.
  static constexpr auto kDeeper = [] {
    std::array<std::size_t, 256> deeper{};
    deeper['{'] = deeper['['] = 1;
    deeper['}'] = deeper[']'] = static_cast<std::size_t>(-1);
    return deeper;
  }();

  void string() {
    std::size_t escapes = 0;
    const std::size_t begin = at_;
    do {
      at_ = text_.find('"', at_ + 1);
      for (escapes = 0; at_ - escapes - 1 > begin && text_[at_ - escapes - 1] == '\\';) ++escapes;
    } while (escapes % 2 != 0);
    ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

// What the library reads past in silence, and RFC 8259 does not know: a byte order mark, and all
// that follows a zero byte. Those who walk the text after it was read would stumble over either.
std::string_view lapse_of_library(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) return "begins with a byte order mark";
  return text.find('\0') == std::string_view::npos ? "" : "holds a zero byte";
}

}  // namespace

JsonText read_json(std::string_view text) {
  if (const auto lapse = lapse_of_library(text); !lapse.empty()) {
    return {nullptr, std::string(lapse), {}};
  }
  if (simdjson::dom::element root; parse_quickly(text, root)) {
    Builder builder;
    if (HandOver(builder).value(root)) return std::move(builder).take(true);
  }
  Builder builder;
  const bool parsed = Json::sax_parse(text.begin(), text.end(), &builder);
  return std::move(builder).take(parsed);
}

bool is_json(std::string_view text) {
  simdjson::dom::element root;
  return lapse_of_library(text).empty() && (parse_quickly(text, root) || Json::accept(text));
}

std::vector<Slice> array_elements(std::string_view text, std::string_view key) {
  Walker walker(text);
  if (key.empty()) return walker.peek() == '[' ? walker.elements() : std::vector<Slice>{};
  if (walker.peek() != '{') return {};
  std::vector<Slice> found;
  walker.skip_mark();
  while (walker.peek() != '}') {
    // A key may be spelt with escapes; what it says is what counts.
    const auto name = walker.slice(walker.value());
    const bool wanted = name.find('\\') == std::string_view::npos
                            ? name.substr(1, name.size() - 2) == key
                            : Json::parse(name).get<std::string>() == key;
    walker.peek();
    walker.skip_mark();
    if (!wanted) {
      walker.value();
    } else if (walker.peek() == '[') {
      found = walker.elements();
      walker.skip_mark();
    } else {
      found.clear();
      walker.value();
    }
    if (walker.peek() == ',') walker.skip_mark();
  }
  return found;
}

void append_quoted(std::string& out, std::string_view text) {
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
  });
  if (is_plain) {
    out.append(1, '"').append(text).append(1, '"');
    return;
  }
  out += Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace lockstep::mock
