#include "adapter/record.h"

#include <functional>
#include <utility>

#include "sdk/protocol/common.h"

namespace lockstep::adapter {
namespace {

// An observer that calls `first`, then whatever was there before.
template <typename Report>
std::function<void(const Report&)> before(std::function<void(const Report&)> first,
                                          std::function<void(const Report&)> rest) {
  if (!rest) return first;
  return [first = std::move(first), rest = std::move(rest)](const Report& report) {
    first(report);
    rest(report);
  };
}

bool failed(const RequestReport& report) { return report.status < 200 || report.status >= 300; }

std::string failure_of(const RequestReport& report) {
  return report.status == 0 ? report.error : "status " + std::to_string(report.status);
}

}  // namespace

std::shared_ptr<Record> Record::observe(Options& options, const RecordLimits& limits) {
  std::shared_ptr<Record> record(new Record(options.api_key, limits));
  options.on_request =
      before<RequestReport>([record](const RequestReport& report) { record->add_request(report); },
                            std::move(options.on_request));
  options.on_outcome =
      before<Outcome>([record](const Outcome& outcome) { record->add_outcome(outcome); },
                      std::move(options.on_outcome));
  options.on_error =
      before<ErrorReport>([record](const ErrorReport& report) { record->add_error(report); },
                          std::move(options.on_error));
  return record;
}

RecordSnapshot Record::snapshot() const {
  const std::lock_guard lock(mutex_);
  return kept_;
}

void Record::add_request(RequestReport report) {
  report.error = protocol::without_key(std::move(report.error), secret_);
  const std::lock_guard lock(mutex_);
  if (failed(report)) kept_.last_error = failure_of(report);
  kept_uuids_ += report.uuids.size();
  kept_.requests.push_back(std::move(report));
  while (over_limits()) {
    kept_uuids_ -= kept_.requests.front().uuids.size();
    kept_.requests.pop_front();
    ++kept_.requests_omitted;
  }
}

void Record::add_outcome(Outcome outcome) {
  if (outcome.delivered) return;
  outcome.detail = protocol::without_key(std::move(outcome.detail), secret_);
  const std::lock_guard lock(mutex_);
  kept_.drops.push_back(std::move(outcome));
  if (kept_.drops.size() > limits_.max_drops) {
    kept_.drops.pop_front();
    ++kept_.drops_omitted;
  }
}

void Record::add_error(const ErrorReport& report) {
  const std::lock_guard lock(mutex_);
  kept_.last_error = protocol::without_key(report.message, secret_);
}

bool Record::over_limits() const noexcept {
  return kept_.requests.size() > limits_.max_requests || kept_uuids_ > limits_.max_uuids;
}

}  // namespace lockstep::adapter
