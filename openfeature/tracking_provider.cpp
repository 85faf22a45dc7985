#include "openfeature/tracking_provider.h"

#include <stdexcept>

namespace lockstep::openfeature {

TrackingProvider::TrackingProvider(std::shared_ptr<Provider> flags,
                                   std::shared_ptr<Tracker> tracker, Duration flush_timeout)
    : flags_(std::move(flags)), tracker_(std::move(tracker)), flush_timeout_(flush_timeout) {
  if (flags_ == nullptr || tracker_ == nullptr) {
    throw std::invalid_argument("a TrackingProvider needs a provider and a tracker");
  }
  observer_ = flags_->observe([this](const ProviderEvent& event) { emit(event); });
}

TrackingProvider::~TrackingProvider() { flags_->ignore(observer_); }

void TrackingProvider::shutdown() {
  flags_->stop();
  tracker_->flush(flush_timeout_);
}

}  // namespace lockstep::openfeature
