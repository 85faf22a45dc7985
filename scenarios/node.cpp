#include "scenarios/node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <charconv>
#include <cmath>
#include <map>
#include <optional>
#include <sstream>

#include "scenarios/utf8.h"
#include "sdk/json/writer.h"

namespace lockstep::scenario {

namespace {

template <typename Number, typename... Base>
std::optional<Number> read_number(std::string_view text, Base... base) {
  if (text.starts_with('+')) text.remove_prefix(1);
  Number number{};
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, base...);
  if (error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::optional<std::int64_t> read_integer(std::string_view text) {
  if (text.starts_with("0x")) return read_number<std::int64_t>(text.substr(2), 16);
  return read_number<std::int64_t>(text, 10);
}

// from_chars would also take "inf" and "nan", which are words here.
std::optional<double> read_real(std::string_view text) {
  if (text.find_first_not_of("+-.0123456789eE") != std::string_view::npos) return std::nullopt;
  return read_number<double>(text);
}

// Aliases of aliases grow without bound from a few lines; no scenario needs this many.
constexpr std::size_t kMostAliased = 100'000;

std::size_t values_in(const Node& node) {
  std::size_t count = 1;
  for (const Node& item : node.items()) count += values_in(item);
  for (const Node::Entry& entry : node.entries()) count += values_in(entry.value);
  return count;
}

// Builds a Node from yaml-cpp's events. The parser's own Node type is not used: it is several times
// slower, and forgets where keys stood.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const std::string& file, std::vector<Problem>& problems, int index)
      : file_(file), problems_(problems), index_(index) {}

  Node take() { return std::move(root_); }
  Mark mark_of(const YAML::Mark& mark) const {
    return Mark{mark.line + 1, mark.column + 1, index_};
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    add(Node::plain("", mark_of(mark)), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const Node& named = anchors_[anchor];
    aliased_ += values_in(named);
    if (aliased_ > kMostAliased) {
      problems_.push_back({file_, mark_of(mark),
                           "aliases that stand for " + std::to_string(aliased_) + " values",
                           "a document of at most " + std::to_string(kMostAliased)});
      throw YAML::Exception(mark, "too many aliases");
    }
    add(named, 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (expects_key()) {
      open_.back().key = value;
      open_.back().key_at = mark_of(mark);
      open_.back().has_key = true;
      return;
    }
    if (tag == "!include") {
      add(Node::include(value, mark_of(mark)), anchor);
      return;
    }
    const bool is_plain = tag == "?" || tag.empty();
    add(is_plain ? Node::plain(value, mark_of(mark)) : Node::quoted(value, mark_of(mark)), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    start(Node::list(mark_of(mark)), anchor);
  }
  void OnSequenceEnd() override { finish(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    start(Node::map(mark_of(mark)), anchor);
  }
  void OnMapEnd() override { finish(); }

 private:
  struct Open {
    Node node;
    YAML::anchor_t anchor = 0;
    std::string key;
    Mark key_at;
    bool has_key = false;
  };

  bool expects_key() const {
    return !open_.empty() && open_.back().node.is(Node::Kind::map) && !open_.back().has_key;
  }

  void start(Node node, YAML::anchor_t anchor) {
    if (expects_key()) {
      problems_.push_back(
          {file_, node.at(), node.describe() + " as a key", "a plain text as a key"});
      open_.back().has_key = true;
    }
    open_.push_back({std::move(node), anchor, {}, {}, false});
  }

  void finish() {
    Open done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done.node), done.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) anchors_[anchor] = node;
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.is(Node::Kind::list)) {
      parent.node.items().push_back(std::move(node));
      return;
    }
    if (parent.node.find(parent.key) != nullptr) {
      problems_.push_back(
          {file_, parent.key_at, "the key \"" + parent.key + "\" a second time", "each key once"});
    }
    parent.node.entries().push_back({std::move(parent.key), parent.key_at, std::move(node)});
    parent.has_key = false;
  }

  const std::string& file_;
  std::vector<Problem>& problems_;
  const int index_;
  Node root_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t aliased_ = 0;
};

// Columns count characters, as yaml-cpp's do.
Mark place_in(const std::string& text, std::size_t offset, int index) {
  Mark mark{1, 1, index};
  for (std::size_t at = 0; at < offset; at += utf8_length(std::string_view(text).substr(at))) {
    ++mark.column;
    if (text[at] == '\n') mark = {mark.line + 1, 1, index};
  }
  return mark;
}

}  // namespace

std::string Problem::to_text() const {
  return file + ":" + std::to_string(at.line) + ":" + std::to_string(at.column) + ": found " +
         found + "; expected " + expected;
}

Node Node::plain(std::string text, Mark at) {
  Node node = quoted(std::move(text), at);
  const std::string& word = node.text_;
  if (word.empty() || word == "~" || word == "null") {
    node.kind_ = Kind::null;
  } else if (word == "true" || word == "false") {
    node.kind_ = Kind::boolean;
    node.integer_ = word == "true" ? 1 : 0;
  } else if (const auto integer = read_integer(word)) {
    node.kind_ = Kind::integer;
    node.integer_ = *integer;
    node.real_ = static_cast<double>(*integer);
  } else if (const auto real = read_real(word)) {
    node.kind_ = Kind::real;
    node.real_ = *real;
  }
  return node;
}

Node Node::quoted(std::string text, Mark at) {
  Node node;
  node.kind_ = Kind::text;
  node.at_ = at;
  node.text_ = std::move(text);
  return node;
}

Node Node::integer(std::int64_t value, Mark at) {
  Node node = quoted(std::to_string(value), at);
  node.kind_ = Kind::integer;
  node.integer_ = value;
  node.real_ = static_cast<double>(value);
  return node;
}

Node Node::include(std::string name, Mark at) {
  Node node = quoted(std::move(name), at);
  node.kind_ = Kind::include;
  return node;
}

Node Node::list(Mark at) {
  Node node;
  node.kind_ = Kind::list;
  node.at_ = at;
  return node;
}

Node Node::map(Mark at) {
  Node node;
  node.kind_ = Kind::map;
  node.at_ = at;
  return node;
}

const Node* Node::find(std::string_view key) const noexcept {
  for (const Entry& entry : entries_) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

Node Node::moved_to(Mark at) const {
  Node copy = *this;
  copy.at_ = at;
  return copy;
}

std::string Node::describe() const {
  switch (kind_) {
    case Kind::null:
      return "nothing";
    case Kind::boolean:
      return text_;
    case Kind::integer:
    case Kind::real:
      return "the number " + text_;
    case Kind::text:
      return "the text \"" + text_ + "\"";
    case Kind::include:
      return "an !include of \"" + text_ + "\"";
    case Kind::list:
      return items_.empty() ? "an empty list" : "a list";
    case Kind::map:
      return "a map";
  }
  return {};
}

std::string Node::to_json() const {
  std::string out;
  write_json(out);
  return out;
}

void Node::write_json(std::string& out) const {
  switch (kind_) {
    case Kind::null:
    case Kind::include:
      out += "null";
      return;
    case Kind::boolean:
      out += boolean() ? "true" : "false";
      return;
    case Kind::integer:
      out += std::to_string(integer_);
      return;
    case Kind::real: {
      char digits[32];
      const auto [end, error] = std::to_chars(digits, digits + sizeof digits, real_);
      out += std::isfinite(real_) && error == std::errc{} ? std::string(digits, end) : "null";
      return;
    }
    case Kind::text:
      out += json_quoted(text_);
      return;
    case Kind::list: {
      const char* separator = "";
      out += '[';
      for (const Node& item : items_) {
        out += separator;
        item.write_json(out);
        separator = ",";
      }
      out += ']';
      return;
    }
    case Kind::map: {
      const char* separator = "";
      out += '{';
      for (const Entry& entry : entries_) {
        out += separator + json_quoted(entry.key) + ":";
        entry.value.write_json(out);
        separator = ",";
      }
      out += '}';
      return;
    }
  }
}

Node parse_yaml(const std::string& text, const std::string& file, std::vector<Problem>& problems,
                int index) {
  if (const std::size_t bad = first_not_utf8(text); bad != std::string::npos) {
    problems.push_back({file, place_in(text, bad, index), "a byte that is not UTF-8", "UTF-8"});
    return {};
  }
  Builder builder(file, problems, index);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    Node root = builder.take();
    Builder rest(file, problems, index);
    if (parser.HandleNextDocument(rest)) {
      problems.push_back({file, rest.take().at(), "a second document", "one document in a file"});
    }
    return root;
  } catch (const YAML::Exception& error) {
    problems.push_back({file, builder.mark_of(error.mark),
                        "YAML that cannot be read (" + error.msg + ")", "valid YAML"});
  }
  return builder.take();
}

std::string json_quoted(std::string_view text) {
  JsonWriter writer;
  writer.string(text);
  return std::string(writer.text());
}

}  // namespace lockstep::scenario
