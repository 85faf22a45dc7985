#include "adapter/instance.h"

#include <utility>

namespace lockstep::adapter {

Instance::Instance(Options options, std::shared_ptr<Host> host, const RecordLimits& limits)
    : host_(std::move(host)),
      record_(Record::observe(options, limits)),
      client_(std::move(options), host_),
      last_used_(host_->clock().now()) {}

Instance::~Instance() { end(); }

InstanceState Instance::state() const { return {client_.stats(), record_->snapshot()}; }

void Instance::end() noexcept { std::ignore = client_.shutdown(Duration{0}); }

}  // namespace lockstep::adapter
