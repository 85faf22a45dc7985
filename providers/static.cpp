#include "providers/static.h"

#include <exception>
#include <optional>
#include <utility>

#include "providers/static_file.h"
#include "providers/static_rules.h"

namespace lockstep::providers {

using openfeature::ErrorCode;
using openfeature::ProviderEvent;
using openfeature::ProviderEventType;
using openfeature::Resolution;

struct StaticDefinitions {
  StaticFlags flags;
};

namespace {

// The flags that one set has and the other has not, or has otherwise.
std::vector<std::string> differences(const StaticFlags& before, const StaticFlags& after) {
  std::vector<std::string> keys;
  for (const auto& [key, flag] : after) {
    const auto found = before.find(key);
    if (found == before.end() || found->second != flag) keys.push_back(key);
  }
  for (const auto& [key, flag] : before) {
    if (!after.contains(key)) keys.push_back(key);
  }
  return keys;
}

}  // namespace

Static::Static(std::string path) : Static(std::move(path), nullptr) {}

Static::Static(std::string path, std::function<std::string()> source)
    : path_(std::move(path)), source_(std::move(source)) {}

Static::~Static() = default;

std::shared_ptr<Static> Static::from_text(std::string toml, std::string name) {
  return from_source([toml = std::move(toml)] { return toml; }, std::move(name));
}

std::shared_ptr<Static> Static::from_source(std::function<std::string()> read, std::string name) {
  return std::shared_ptr<Static>(new Static(std::move(name), std::move(read)));
}

Resolution Static::evaluate(std::string_view key, openfeature::FlagType,
                            const openfeature::EvaluationContext& context) {
  std::shared_ptr<const StaticDefinitions> definitions;
  {
    const std::lock_guard lock(mutex_);
    definitions = definitions_;
  }
  if (definitions == nullptr) {
    return Resolution::failure(ErrorCode::provider_not_ready, "no flag file has been read");
  }
  const auto found = definitions->flags.find(key);
  if (found == definitions->flags.end()) {
    return Resolution::failure(ErrorCode::flag_not_found, "the flag file has no such flag");
  }
  return resolve(found->second, context);
}

void Static::initialize(const openfeature::EvaluationContext&) { load(true); }

bool Static::refresh() { return load(false); }

StaticDefinitions Static::read() const {
  if (source_ == nullptr) return {read_flags(path_)};
  std::string text;
  try {
    text = source_();
  } catch (const std::exception& problem) {
    throw FlagFileError(path_ + ": " + problem.what());
  } catch (...) {
    throw FlagFileError(path_ + ": cannot be read");
  }
  return {parse_flags(text, path_)};
}

bool Static::load(bool first) {
  ProviderEvent event;
  std::optional<ProviderEvent> changed;
  std::unique_lock loading(loading_);  // who reads last has the last word
  try {
    auto read = std::make_shared<const StaticDefinitions>(this->read());
    const std::lock_guard lock(mutex_);
    if (definitions_ != nullptr) {
      auto keys = differences(definitions_->flags, read->flags);
      if (!keys.empty()) {
        changed.emplace();
        changed->type = ProviderEventType::configuration_changed;
        changed->flags_changed = std::move(keys);
      }
    }
    definitions_ = std::move(read);
    last_error_.clear();
  } catch (const FlagFileError& problem) {
    const std::lock_guard lock(mutex_);
    const bool keeps = definitions_ != nullptr;
    event.type = keeps ? ProviderEventType::stale : ProviderEventType::error;
    if (!keeps) event.error_code = ErrorCode::parse_error;
    event.message = problem.what();
    last_error_ = problem.what();
  }
  loading.unlock();
  const bool read = event.type == ProviderEventType::ready;
  if (first || !read || !is_healthy()) emit(std::move(event));
  if (changed) emit(std::move(*changed));
  return read;
}

std::string Static::last_error() const {
  const std::lock_guard lock(mutex_);
  return last_error_;
}

}  // namespace lockstep::providers
