#include "openfeature/tracker.h"

#include <cmath>
#include <exception>
#include <utility>

namespace lockstep::openfeature {

namespace {

constexpr std::string_view kContext = "context";
constexpr std::string_view kTargetingKey = "targeting_key";

void set(Properties& properties, std::string_view name, const Value& value) {
  properties.set(name, Json{to_json(value)});
}

void set_all(Properties& properties, const Structure& members) {
  for (const auto& [name, value] : members) set(properties, name, value);
}

Properties payload(PayloadShape shape, const EvaluationContext& context,
                   const TrackingEventDetails& details) {
  Properties properties;
  if (shape == PayloadShape::flat) set_all(properties, flatten(context, kTargetingKey));
  set_all(properties, details.fields);
  if (details.value) properties.set("value", *details.value);
  if (shape == PayloadShape::nested) set(properties, kContext, flatten(context, kTargetingKey));
  return properties;
}

}  // namespace

EvaluationContext ContextLevels::merged(const EvaluationContext& invocation) const {
  return api.merged(transaction).merged(client).merged(invocation);
}

void Tracker::set_context(ContextLevel level, EvaluationContext context) {
  const std::lock_guard lock(mutex_);
  switch (level) {
    case ContextLevel::api:
      levels_.api = std::move(context);
      break;
    case ContextLevel::transaction:
      levels_.transaction = std::move(context);
      break;
    case ContextLevel::client:
      levels_.client = std::move(context);
      break;
  }
}

EvaluationContext Tracker::merged(const EvaluationContext& invocation) const {
  const std::lock_guard lock(mutex_);
  return levels_.merged(invocation);
}

CaptureResult Tracker::track(std::string_view name, const EvaluationContext& invocation,
                             const TrackingEventDetails& details) noexcept try {
  const bool hides_context =
      shape_ == PayloadShape::nested && details.fields.find(kContext) != details.fields.end();
  if (hides_context || (details.value && !std::isfinite(*details.value))) return {};
  const EvaluationContext context = merged(invocation);
  Event event;
  event.name = name;
  event.distinct_id = context.targeting_key();
  if (event.distinct_id.empty()) event.options.process_person_profile = false;
  event.properties = payload(shape_, context, details);
  return client_.capture(std::move(event));
} catch (const std::exception&) {
  return {Admission::dropped, DropReason::queue_full, {}};  // out of memory
}

}  // namespace lockstep::openfeature
