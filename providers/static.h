// Flags from a TOML file (docs/flags.md): variants, rules on attributes, rollouts by a stable hash.
//
//   openfeature::Client flags(std::make_shared<providers::Static>("flags.toml"));
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "openfeature/provider.h"

namespace lockstep::providers {

struct StaticDefinitions;

// Reads the file when it is started and at each refresh(); no evaluation touches it. A broken file
// keeps the flags of the last good one: refresh() is false, and the provider is in error (STALE
// where there are flags to keep) until a good one was read. The event's message says file, line
// and column.
class Static final : public openfeature::Provider {
 public:
  explicit Static(std::string path);
  // From text instead of a file; `name` is what errors call it.
  static std::shared_ptr<Static> from_text(std::string toml, std::string name = "flags");
  // From what `read` returns, which is called wherever a file would be read, by one thread at a
  // time. What it throws is what a file that cannot be read is.
  static std::shared_ptr<Static> from_source(std::function<std::string()> read,
                                             std::string name = "flags");
  ~Static() override;

  std::string_view name() const noexcept override { return "static"; }
  openfeature::Resolution evaluate(std::string_view key, openfeature::FlagType type,
                                   const openfeature::EvaluationContext& context) override;
  // From a file: PROVIDER_CONFIGURATION_CHANGED names the flags that are not what they were.
  bool refresh() override;

  // What is wrong with the file as it was last read; empty: nothing.
  std::string last_error() const;

 protected:
  void initialize(const openfeature::EvaluationContext& context) override;

 private:
  Static(std::string path, std::function<std::string()> source);
  StaticDefinitions read() const;
  bool load(bool first);

  const std::string path_;
  const std::function<std::string()> source_;  // in place of a file, where there is one
  std::mutex loading_;                         // held while definitions are read
  mutable std::mutex mutex_;                   // guards what follows
  std::shared_ptr<const StaticDefinitions> definitions_;
  std::string last_error_;
};

}  // namespace lockstep::providers
