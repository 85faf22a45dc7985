// A provider that also tracks: flags from the one it is given, tracking through a Tracker.
#pragma once

#include <memory>
#include <utility>

#include "openfeature/provider.h"
#include "openfeature/tracker.h"

namespace lockstep::openfeature {

// Is in all else the provider of the flags, status and events included.
class TrackingProvider final : public Provider {
 public:
  // Null arguments are refused with std::invalid_argument. Its shutdown delivers what was tracked
  // before, and waits for that no longer than `flush_timeout`.
  TrackingProvider(std::shared_ptr<Provider> flags, std::shared_ptr<Tracker> tracker,
                   Duration flush_timeout = std::chrono::seconds{10});
  ~TrackingProvider() override;

  std::string_view name() const noexcept override { return flags_->name(); }
  Resolution evaluate(std::string_view key, FlagType type,
                      const EvaluationContext& context) override {
    return flags_->evaluate(key, type, context);
  }
  std::vector<Resolution> evaluate_batch(std::span<const FlagQuery> queries,
                                         const EvaluationContext& context) override {
    return flags_->evaluate_batch(queries, context);
  }
  bool refresh() override { return flags_->refresh(); }
  std::vector<std::shared_ptr<Hook>> hooks() const override { return flags_->hooks(); }
  void track(std::string_view event, const EvaluationContext& context,
             const TrackingEventDetails& details) override {
    tracker_->track(event, context, details);
  }

 protected:
  void initialize(const EvaluationContext& context) override { flags_->start(context); }
  void shutdown() override;

 private:
  const std::shared_ptr<Provider> flags_;
  const std::shared_ptr<Tracker> tracker_;
  const Duration flush_timeout_;
  std::uint64_t observer_ = 0;
};

}  // namespace lockstep::openfeature
