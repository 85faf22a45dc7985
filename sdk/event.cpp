#include "sdk/event.h"

#include "sdk/json/writer.h"

namespace lockstep {

Properties::Properties(std::initializer_list<Property> properties) {
  for (const Property& property : properties) set(property.name, property.value);
}

std::size_t Properties::find(std::string_view name) const {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (at(i).first == name) return i;
  }
  return entries_.size();
}

bool Properties::set(std::string_view name, const Value& value) {
  if (value.kind() == Value::Kind::json && !is_json(value.text())) return false;
  const std::size_t at = find(name);
  JsonWriter json;
  json.value(value);
  Entry entry{};
  if (at < entries_.size()) {
    entry = entries_[at];
    unused_ += entry.json_size;
  } else {
    entry.name_at = static_cast<std::uint32_t>(text_.size());
    entry.name_size = static_cast<std::uint32_t>(name.size());
    text_ += name;
  }
  entry.json_at = static_cast<std::uint32_t>(text_.size());
  entry.json_size = static_cast<std::uint32_t>(json.size());
  text_ += json.text();
  if (at < entries_.size()) {
    entries_[at] = entry;
  } else {
    entries_.push_back(entry);
  }
  compact();
  return true;
}

// Drops what no entry names once it is most of the text, so that a set that lives for long and
// changes often stays as small as what it holds.
void Properties::compact() {
  constexpr std::size_t kNotWorthIt = 1024;
  if (unused_ < kNotWorthIt || unused_ < text_.size() / 2) return;
  std::string text;
  text.reserve(text_.size() - unused_);
  for (Entry& entry : entries_) {
    const Entry old = entry;
    entry.name_at = static_cast<std::uint32_t>(text.size());
    text.append(text_, old.name_at, old.name_size);
    entry.json_at = static_cast<std::uint32_t>(text.size());
    text.append(text_, old.json_at, old.json_size);
  }
  text_ = std::move(text);
  unused_ = 0;
}

bool Properties::erase(std::string_view name) {
  const std::size_t at = find(name);
  if (at == entries_.size()) return false;
  unused_ += entries_[at].name_size + entries_[at].json_size;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(at));
  compact();
  return true;
}

std::optional<std::string_view> Properties::json(std::string_view name) const {
  const std::size_t found = find(name);
  if (found == entries_.size()) return std::nullopt;
  return at(found).second;
}

std::pair<std::string_view, std::string_view> Properties::at(std::size_t i) const {
  const Entry& entry = entries_[i];
  const std::string_view text = text_;
  return {text.substr(entry.name_at, entry.name_size), text.substr(entry.json_at, entry.json_size)};
}

}  // namespace lockstep
