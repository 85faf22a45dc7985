#include "mockserver/flag_book.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "clock/trace.h"
#include "mockserver/script.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 9> kNames{
    "value", "variant", "reason", "enabled", "payload", "metadata", "error", "failed", "subjects"};

// "flags" and "checkout" are "flags.checkout".
std::string below(std::string path, std::string_view name) {
  path += '.';
  path += name;
  return path;
}

void check_flag(const Json& flag, const std::string& path) {
  if (!flag.is_object()) throw ScriptError(path, "must be an object");
  for (const auto& [name, value] : flag.items()) {
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
      throw ScriptError(below(path, name), "is no field of a flag");
    }
    if (name != "subjects") continue;
    if (!value.is_object()) throw ScriptError(path + ".subjects", "must be an object");
    for (const auto& [subject, over] : value.items()) {
      check_flag(over, below(below(path, "subjects"), subject));
    }
  }
}

}  // namespace

struct FlagBook::Content {
  Json flags;
  std::string etag;
};

namespace {

std::string etag_of(const std::string& text) {
  return '"' + std::to_string(digest_bytes(kDigestStart, text)) + '"';
}

}  // namespace

FlagBook FlagBook::parse(const Json& flags, const std::string& path) {
  if (!flags.is_object()) throw ScriptError(path, "must be an object");
  for (const auto& [key, flag] : flags.items()) check_flag(flag, below(path, key));
  FlagBook book;
  book.content_ = std::make_shared<const Content>(Content{flags, etag_of(flags.dump())});
  return book;
}

std::vector<std::string> FlagBook::keys() const {
  std::vector<std::string> keys;
  if (empty()) return keys;
  keys.reserve(content_->flags.size());
  for (const auto& [key, flag] : content_->flags.items()) keys.push_back(key);
  return keys;
}

Json FlagBook::find(std::string_view key, std::string_view subject) const {
  if (empty()) return nullptr;
  const auto found = content_->flags.find(std::string(key));
  if (found == content_->flags.end()) return nullptr;
  Json flag = *found;
  const auto subjects = found->find("subjects");
  flag.erase("subjects");
  if (subjects != found->end()) {
    const auto over = subjects->find(std::string(subject));
    if (over != subjects->end()) flag.update(*over);
  }
  if (!flag.contains("enabled")) flag["enabled"] = flag.value("value", Json(true)) != Json(false);
  return flag;
}

std::string FlagBook::etag() const { return empty() ? etag_of("") : content_->etag; }

}  // namespace lockstep::mock
