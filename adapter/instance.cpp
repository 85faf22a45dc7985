#include "adapter/instance.h"

#include <utility>

namespace lockstep::adapter {

Instance::Instance(Options options, std::shared_ptr<Host> host, std::shared_ptr<Clock> clock,
                   const RecordLimits& limits)
    : clock_(std::move(clock)),
      record_(Record::observe(options, limits)),
      client_(std::move(options), std::move(host)),
      last_used_(clock_->now()) {}

Instance::~Instance() { end(); }

InstanceState Instance::state() const { return {client_.stats(), record_->snapshot()}; }

void Instance::end() noexcept { std::ignore = client_.shutdown(Duration{0}); }

}  // namespace lockstep::adapter
