#include "sdk/client_core.h"

#include <exception>
#include <utility>

#include "sdk/flags/flag_answer.h"
#include "sdk/host/fork.h"
#include "sdk/protocol/registry.h"

namespace lockstep {

namespace {

constexpr Stream kEventUuid{"event-uuid"};

// How long past its deadline a caller lets the host carry out what the deadline caused (cancel
// requests, call callbacks). Only a callback that hangs uses it up, or a machine that gives the
// host's thread no time.
constexpr Duration kCarryOutGrace = std::chrono::milliseconds{250};
// So many times that where it is the machine and requests must be cancelled: then only a host that
// came by can promise that nothing is sent any more.
constexpr int kShutdownGraces = 20;

}  // namespace

ClientCore::ClientCore(Options options, std::shared_ptr<Host> host)
    : options_(std::move(options)),
      host_(std::move(host)),
      client_id_(host_->next_client_id()),
      fork_generation_(lockstep::fork_generation()),
      analytics_(make_protocol(options_.capture, protocol_config(options_))),
      ai_(traits_of(options_.capture).is_posthog ? make_posthog_ai(protocol_config(options_))
                                                 : nullptr),
      engine_(engine::config_from(options_, client_id_), host_->chance()),
      flags_(options_),
      flag_called_(options_.flag_called_cache_size) {}

bool ClientCore::foreign() const noexcept {
  return fork_generation_ != lockstep::fork_generation();
}

const Protocol& ClientCore::protocol(Lane lane) const noexcept {
  return lane == Lane::ai && ai_ != nullptr ? *ai_ : *analytics_;
}

Uuid ClientCore::new_uuid(WallTime time) noexcept {
  const std::uint64_t index = uuids_.fetch_add(1, std::memory_order_relaxed);
  return make_uuid_v7(time, host_->chance().bits({kEventUuid, client_id_, index}));
}

// --- capture
// ------------------------------------------------------------------------------------------

std::optional<Admission> ClientCore::refusal() const noexcept {
  if (foreign()) return Admission::closed;
  if (options_.disabled || opted_out_.load(std::memory_order_relaxed)) return Admission::disabled;
  return std::nullopt;
}

CaptureResult ClientCore::refuse(Admission admission) noexcept {
  refused_.fetch_add(1, std::memory_order_relaxed);
  trace("capture", {{"admission", to_string(admission)}});
  return {admission, {}, {}};
}

Lane ClientCore::lane_of(Lane lane, bool historical) const noexcept {
  const bool moved = historical || options_.historical_migration;
  return lane == Lane::analytics && moved ? Lane::historical : lane;
}

CaptureResult ClientCore::capture(Lane lane, const Draft& draft) noexcept try {
  if (const auto refused = refusal()) return refuse(*refused);
  if (!options_.before_send.empty()) {
    // Hooks see and change an event that owns its parts.
    Event event;
    event.name = draft.name;
    event.distinct_id = draft.distinct_id;
    for (std::size_t i = 0; i < draft.properties.size(); ++i) {
      JsonWriter json;
      draft.properties.write_value(i, json);
      if (!event.properties.set(draft.properties.name(i), Json{json.text()})) {
        return refuse(Admission::invalid);
      }
    }
    return capture(lane, std::move(event));
  }
  if (draft.name.empty() || draft.distinct_id.empty() || !draft.properties.valid()) {
    return refuse(Admission::invalid);
  }
  const WallTime wall = host_->clock().wall_now();
  const Uuid uuid = draft.uuid && !draft.uuid->is_nil() ? *draft.uuid : new_uuid(wall);
  return render_and_admit(lane_of(lane, false), draft, uuid, draft.timestamp.value_or(wall), wall);
} catch (const std::exception&) {
  // Out of memory: there was no room for it, and it is counted as that.
  return drop(lane, DropReason::queue_full, {});
}

CaptureResult ClientCore::capture(Lane lane, Event event) noexcept try {
  if (const auto refused = refusal()) return refuse(*refused);
  const bool is_nobodys =
      event.distinct_id.empty() && event.options.process_person_profile == false;
  if (event.name.empty() || (event.distinct_id.empty() && !is_nobodys)) {
    return refuse(Admission::invalid);
  }
  const WallTime wall = host_->clock().wall_now();
  if (!event.uuid || event.uuid->is_nil()) event.uuid = new_uuid(wall);
  if (is_nobodys) event.distinct_id = event.uuid->to_string();
  if (!event.timestamp) event.timestamp = wall;
  const Uuid uuid = *event.uuid;
  if (const auto dropped = run_hooks(event)) {
    return drop(lane_of(lane, event.historical), *dropped, uuid);
  }
  if (!event.uuid || event.uuid->is_nil()) event.uuid = uuid;
  const Draft draft{event.distinct_id, event.name, event.properties, &event.options};
  return render_and_admit(lane_of(lane, event.historical), draft, *event.uuid,
                          event.timestamp.value_or(wall), wall);
} catch (const std::exception&) {
  return drop(lane, DropReason::queue_full, {});
}

CaptureResult ClientCore::capture_exception(std::string_view distinct_id,
                                            const std::function<Event()>& make) noexcept try {
  if (const auto refused = refusal()) return refuse(*refused);
  Event event = make();
  event.distinct_id = distinct_id;
  if (distinct_id.empty()) event.options.process_person_profile = false;
  return capture(Lane::analytics, std::move(event));
} catch (const std::exception&) {
  return drop(Lane::analytics, DropReason::queue_full, {});
}

// Fail closed: a hook that throws, or empties what must not be empty, drops the event, because it
// may have been about to remove something private.
std::optional<DropReason> ClientCore::run_hooks(Event& event) const noexcept {
  for (const BeforeSend& hook : options_.before_send) {
    try {
      if (!hook(event)) return DropReason::hook;
    } catch (const std::exception& problem) {
      log(LogLevel::warning,
          std::string("before_send threw, the event is dropped: ") + problem.what());
      return DropReason::hook_failed;
    } catch (...) {
      log(LogLevel::warning, "before_send threw, the event is dropped");
      return DropReason::hook_failed;
    }
    if (event.name.empty() || event.distinct_id.empty()) {
      log(LogLevel::warning, "before_send emptied name or distinct_id, the event is dropped");
      return DropReason::hook_failed;
    }
  }
  return std::nullopt;
}

CaptureResult ClientCore::render_and_admit(Lane lane, const Draft& draft, Uuid uuid,
                                           WallTime timestamp, WallTime wall) {
  JsonWriter json;
  const EventView view{draft.name, draft.distinct_id, uuid,
                       timestamp,  draft.properties,  draft.options};
  const std::size_t uuid_at = protocol(lane).render(view, json);
  engine::EventRef event = uuid_at == Protocol::kNoUuid
                               ? engine::EventRef(json.text(), uuid, lane)
                               : engine::EventRef(json.text(), uuid_at, lane);
  return admit(std::move(event), uuid, wall);
}

CaptureResult ClientCore::admit(engine::EventRef event, Uuid uuid, WallTime wall) {
  const Lane lane = event.lane();
  engine::Admitted admitted;
  {
    std::unique_lock lock(mutex_);
    if (options_.queue_full == QueueFullPolicy::block) wait_for_room(lock, lane, event.size());
    const std::size_t told = outbox_.ended.size();
    // The monotonic time is read under the lock, so that admission and time have one order.
    admitted = engine_.admit(std::move(event), Now{host_->clock().now(), wall}, outbox_);
    if (admitted.admission == Admission::dropped) {
      // The caller learns it from the result. While the host is too busy to take outcomes, those of
      // refused events must not pile up in place of the events.
      const bool heard = options_.on_outcome != nullptr || options_.trace != nullptr;
      if (!heard || told > 2 * options_.max_queue_size) outbox_.ended.resize(told);
    }
  }
  if (admitted.admission == Admission::closed) return refuse(Admission::closed);
  if (options_.trace != nullptr) {
    trace("capture", {{"uuid", uuid.to_string()},
                      {"lane", to_string(lane)},
                      {"admission", to_string(admitted.admission)}});
  }
  if (admitted.wake) host_->wake();
  return {admitted.admission, admitted.reason, uuid};
}

CaptureResult ClientCore::drop(Lane lane, DropReason reason, Uuid uuid) {
  {
    const std::lock_guard lock(mutex_);
    if (engine_.closing()) return refuse(Admission::closed);
    engine_.count_drop(lane, reason);
    const bool heard = options_.on_outcome != nullptr || options_.trace != nullptr;
    if (heard && outbox_.ended.size() <= 2 * options_.max_queue_size) {
      outbox_.ended.push_back(
          {engine::EventRef(uuid.to_string(), 0, lane), false, false, reason, 0, 0, {}});
    }
  }
  host_->wake();
  return {Admission::dropped, reason, uuid};
}

void ClientCore::wait_for_room(std::unique_lock<std::mutex>& lock, Lane lane, std::size_t bytes) {
  const auto ready = [&] { return engine_.closing() || engine_.has_room(lane, bytes); };
  const Instant deadline = saturating_add(host_->clock().now(), options_.max_block);
  // Another producer may take the room between the wait and the lock.
  while (!ready() && host_->clock().now() < deadline) {
    lock.unlock();
    const bool waited = host_->wait(*this, deadline, ready);
    lock.lock();
    if (!waited) return;  // in a callback: the event is refused
  }
}

// --- flush and shutdown
// -------------------------------------------------------------------------------

engine::Ticket ClientCore::begin_flush(Instant deadline) {
  engine::Ticket ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    ticket = engine_.flush(host_->clock().read(), deadline, outbox_);
  }
  trace_ticket("flush", ticket, deadline);
  host_->wake();
  return ticket;
}

engine::Ticket ClientCore::begin_shutdown(Instant deadline) {
  engine::Ticket ticket = 0;
  {
    const std::lock_guard lock(mutex_);
    ticket = engine_.shutdown(host_->clock().read(), deadline, outbox_);
    flags_.fail_all("closed");
    flag_called_.clear();
    outbox_.waiters_changed = true;
  }
  trace_ticket("shutdown", ticket, deadline);
  host_->wake();
  return ticket;
}

bool ClientCore::ticket_done(engine::Ticket ticket) const {
  const std::lock_guard lock(mutex_);
  const auto report = engine_.report(ticket);
  return !report || report->second;
}

FlushReport ClientCore::ticket_report(engine::Ticket ticket) const {
  const std::lock_guard lock(mutex_);
  const auto report = engine_.report(ticket);
  return report ? report->first : FlushReport{};
}

// Whether the turn that carries out the effects of this instant is over. `turn` remembers which
// one.
bool ClientCore::settled(std::optional<std::uint64_t>& turn) const {
  if (!turn) turn = turns_finished_ + (turning_ ? 1 : 0) + (outbox_.empty() ? 0 : 1);
  return turns_finished_ >= *turn;
}

FlushReport ClientCore::wait_for(engine::Ticket ticket, Instant deadline) {
  std::optional<std::uint64_t> turn;
  bool carried_out = false;
  const auto done = [&] {
    const auto report = engine_.report(ticket);
    carried_out = !report || (report->second && settled(turn));
    return carried_out;
  };
  bool waited = true;
  for (int grace = 1; waited && !carried_out && grace <= kShutdownGraces; ++grace) {
    const std::uint64_t callbacks = host_->callback_count();
    waited = host_->wait(*this, saturating_add(deadline, grace * kCarryOutGrace), done);
    const bool callback_hangs = callbacks % 2 == 1 && host_->callback_count() == callbacks;
    if (callback_hangs || !closing()) break;
  }
  const std::lock_guard lock(mutex_);
  auto report = engine_.report(ticket);
  if (report && !report->second && waited) {
    // The host did not come by. What the deadline decides does not depend on it.
    engine_.advance(host_->clock().read(), outbox_);
    report = engine_.report(ticket);
  }
  if (!report) return {};
  FlushReport result = report->first;
  if (!report->second) result.status = waited ? FlushStatus::timed_out : FlushStatus::deferred;
  return result;
}

void ClientCore::forget(engine::Ticket ticket) noexcept {
  if (foreign()) return;
  const std::lock_guard lock(mutex_);
  engine_.forget(ticket);
}

Stats ClientCore::stats() const {
  Stats stats;
  stats.refused = refused_.load(std::memory_order_relaxed);
  if (foreign()) {
    stats.closed = true;
    return stats;
  }
  const std::lock_guard lock(mutex_);
  stats.lanes = engine_.ledger();
  stats.last_success = engine_.last_success();
  stats.closed = engine_.closing();
  return stats;
}

bool ClientCore::closing() const {
  const std::lock_guard lock(mutex_);
  return engine_.closing();
}

bool ClientCore::closed() const {
  const std::lock_guard lock(mutex_);
  return engine_.closed();
}

void ClientCore::abandon() noexcept {
  const std::lock_guard lock(mutex_);
  const Now now = host_->clock().read();
  engine_.forget(engine_.shutdown(now, now.at, outbox_));
}

std::optional<std::string> ClientCore::broken_invariant() const {
  const std::lock_guard lock(mutex_);
  return engine_.broken_invariant();
}

std::uint64_t ClientCore::shape(Instant now) const {
  const std::lock_guard lock(mutex_);
  return engine_.shape(now);
}

std::uint64_t ClientCore::engine_digest() const {
  const std::lock_guard lock(mutex_);
  return engine_.digest();
}

// --- flags
// --------------------------------------------------------------------------------------------

FlagResult ClientCore::get_feature_flag(const FlagRequest& request) {
  FlagResult result;
  if (foreign() || options_.disabled) {
    result.error = foreign() ? "closed" : "disabled";
    return result;
  }
  if (ai_ == nullptr) {
    result.error = "capture " + std::string(to_string(options_.capture)) + " has no feature flags";
    return result;
  }
  if (request.key.empty() || request.distinct_id.empty()) {
    result.error = request.key.empty() ? "no flag key" : "no distinct_id";
    return result;
  }
  http::Request message = flags_.encode(request);
  FlagCalls::CallNumber call = 0;
  Instant deadline{};
  {
    const std::lock_guard lock(mutex_);
    if (engine_.closing()) {
      result.error = "closed";
      return result;
    }
    const Now now = host_->clock().read();
    call = flags_.begin(std::move(message), now);
    deadline = saturating_add(now.at, flags_.longest_call());
  }
  host_->wake();
  const bool waited = host_->wait(*this, saturating_add(deadline, kCarryOutGrace),
                                  [&] { return flags_.ended(call); });
  std::optional<FlagCalls::Ending> ending;
  {
    const std::lock_guard lock(mutex_);
    FlagCalls::Forgotten forgotten = flags_.forget(call);
    ending = std::move(forgotten.ending);
    if (forgotten.in_flight) flag_cancels_.push_back(*forgotten.in_flight);
  }
  if (!ending) {
    result.error = waited ? "timeout: no answer in time" : "called from a callback of the client";
  } else if (auto* error = std::get_if<std::string>(&*ending)) {
    result.error = std::move(*error);
  } else {
    result = read_flag_response(std::get<http::Response>(*ending), request.key);
  }
  if (request.send_event && result.error.empty()) report_flag(request, result);
  return result;
}

// $feature_flag_called, once per answer; remembered only after it was admitted.
void ClientCore::report_flag(const FlagRequest& request, const FlagResult& result) {
  const std::string key = FlagCalledCache::key(request, result);
  {
    const std::lock_guard lock(mutex_);
    if (flag_called_.contains(key)) return;
  }
  Event event;
  event.name = "$feature_flag_called";
  event.distinct_id = request.distinct_id;
  event.properties.set("$feature_flag", request.key);
  if (!result.value) {
    event.properties.set("$feature_flag_response", nullptr);
    event.properties.set("$feature_flag_error", "flag_missing");
  } else if (const bool* on = std::get_if<bool>(&*result.value)) {
    event.properties.set("$feature_flag_response", *on);
  } else {
    event.properties.set("$feature_flag_response", std::get<std::string>(*result.value));
  }
  if (!request.groups.empty()) {
    JsonWriter groups;
    groups.object(request.groups);
    event.properties.set("$groups", Json{groups.text()});
  }
  if (!capture(Lane::analytics, std::move(event)).ok()) return;
  const std::lock_guard lock(mutex_);
  if (!engine_.closing()) flag_called_.mark(key);
}

// --- callbacks
// ----------------------------------------------------------------------------------------

void ClientCore::log(LogLevel level, std::string_view message) const noexcept {
  if (options_.logger == nullptr) return;
  try {
    options_.logger(level, message);
  } catch (...) {
    // A logger that fails has nowhere to say so.
  }
}

}  // namespace lockstep
