#include "sdk/client.h"

#include <exception>
#include <utility>

#include "sdk/client_core.h"
#include "sdk/host/thread_host.h"

namespace lockstep {

namespace {

Options checked(Options options) {
  options.validate();
  return options;
}

FlushReport closed_report() { return {FlushStatus::closed, 0, 0, 0}; }

}  // namespace

// --- FlushHandle
// --------------------------------------------------------------------------------------

bool FlushHandle::done() const noexcept {
  const ClientCore* core = ticket_->core();
  return core == nullptr || core->foreign() || core->ticket_done(ticket_->number());
}

FlushReport FlushHandle::report() const noexcept {
  const ClientCore* core = ticket_->core();
  if (core == nullptr || core->foreign()) return closed_report();
  return core->ticket_report(ticket_->number());
}

FlushReport FlushHandle::wait() const noexcept {
  ClientCore* core = ticket_->core();
  if (core == nullptr || core->foreign()) return closed_report();
  return core->wait_for(ticket_->number(), ticket_->deadline());
}

// --- life
// ---------------------------------------------------------------------------------------------

Client::Client(Options options) : Client(std::move(options), nullptr) {}

Client::Client(Options options, std::shared_ptr<Host> host) {
  options = checked(std::move(options));
  if (host == nullptr) host = ThreadHost::shared();
  core_ = std::make_shared<ClientCore>(std::move(options), host);
  host->attach(core_);
}

Client::Client(Client&&) noexcept = default;

Client& Client::operator=(Client&& other) noexcept {
  Client taken(std::move(other));
  std::swap(core_, taken.core_);
  return *this;  // what this client was ends here, with `taken`
}

Client::~Client() {
  if (core_ == nullptr) return;
  if (!core_->foreign() && !core_->closed()) {
    static_cast<void>(shutdown(core_->options().shutdown_timeout));
    // Inside a callback nobody can wait: what is left ends here and now.
    if (!core_->closed()) core_->abandon();
  }
  core_->host().detach(*core_);
}

// --- capture
// ------------------------------------------------------------------------------------------

CaptureResult Client::capture(std::string_view distinct_id, std::string_view name,
                              std::initializer_list<Property> properties) noexcept {
  return capture(distinct_id, name, std::span(properties.begin(), properties.size()));
}

CaptureResult Client::capture(std::string_view distinct_id, std::string_view name,
                              std::span<const Property> properties) noexcept {
  return core_->capture(Lane::analytics, ClientCore::Draft{distinct_id, name, properties});
}

CaptureResult Client::capture(Event event) noexcept {
  return core_->capture(Lane::analytics, std::move(event));
}

CaptureResult Client::capture_ai(Event event) noexcept {
  return core_->capture(Lane::ai, std::move(event));
}

std::vector<CaptureResult> Client::capture_batch(std::vector<Event> events) noexcept {
  std::vector<CaptureResult> results;
  results.reserve(events.size());
  for (Event& event : events) results.push_back(capture(std::move(event)));
  return results;
}

namespace {

// {"name": value, ...} as one property value.
void set_object(Event& event, std::string_view name, const Properties& members) {
  JsonWriter json;
  json.object(members);
  event.properties.set(name, Json{json.text()});
}

}  // namespace

CaptureResult Client::capture_exception(std::string_view distinct_id, const std::exception& error,
                                        const ExceptionOptions& options) noexcept {
  return core_->capture_exception(distinct_id, [&] { return exception_event(error, options); });
}

CaptureResult Client::capture_exception(std::string_view distinct_id,
                                        const std::exception_ptr& error,
                                        const ExceptionOptions& options) noexcept {
  return core_->capture_exception(distinct_id, [&] { return exception_event(error, options); });
}

CaptureResult Client::identify(std::string_view distinct_id, const Properties& set,
                               const Properties& set_once) noexcept {
  Event event;
  event.name = "$identify";
  event.distinct_id = distinct_id;
  set_object(event, "$set", set);
  if (!set_once.empty()) set_object(event, "$set_once", set_once);
  return capture(std::move(event));
}

CaptureResult Client::alias(std::string_view distinct_id, std::string_view alias) noexcept {
  Event event;
  // An empty alias would link nothing: refused like an empty distinct_id.
  event.name = alias.empty() ? "" : "$create_alias";
  event.distinct_id = distinct_id;
  event.properties.set("distinct_id", distinct_id);
  event.properties.set("alias", alias);
  return capture(std::move(event));
}

CaptureResult Client::group_identify(std::string_view group_type, std::string_view group_key,
                                     const Properties& set) noexcept {
  Event event;
  event.name = group_type.empty() || group_key.empty() ? "" : "$groupidentify";
  event.distinct_id.append("$").append(group_type).append("_").append(group_key);
  event.properties.set("$group_type", group_type);
  event.properties.set("$group_key", group_key);
  set_object(event, "$group_set", set);
  return capture(std::move(event));
}

// --- flush and shutdown
// -------------------------------------------------------------------------------

FlushHandle Client::begin_flush(Duration timeout) noexcept {
  if (core_->foreign()) return FlushHandle(std::make_shared<FlushTicket>(nullptr, 0, kNever));
  const Instant deadline = saturating_add(core_->host().clock().now(), timeout);
  const engine::Ticket number = core_->begin_flush(deadline);
  return FlushHandle(std::make_shared<FlushTicket>(core_, number, deadline));
}

FlushReport Client::flush(Duration timeout) noexcept { return begin_flush(timeout).wait(); }

FlushHandle Client::begin_shutdown(Duration timeout) noexcept {
  if (core_->foreign()) return FlushHandle(std::make_shared<FlushTicket>(nullptr, 0, kNever));
  const Instant deadline = saturating_add(core_->host().clock().now(), timeout);
  const engine::Ticket number = core_->begin_shutdown(deadline);
  return FlushHandle(std::make_shared<FlushTicket>(core_, number, deadline));
}

FlushReport Client::shutdown(Duration timeout) noexcept { return begin_shutdown(timeout).wait(); }

FlushReport Client::shutdown() noexcept { return shutdown(core_->options().shutdown_timeout); }

// --- the rest
// -----------------------------------------------------------------------------------------

FlagResult Client::get_feature_flag(const FlagRequest& request) noexcept try {
  const std::shared_ptr<ClientCore> core = core_;  // see poll()
  return core->get_feature_flag(request);
} catch (const std::exception& problem) {
  FlagResult result;
  result.error = problem.what();
  return result;
}

void Client::opt_out() noexcept { core_->set_opted_out(true); }
void Client::opt_in() noexcept { core_->set_opted_out(false); }
bool Client::opted_out() const noexcept { return core_->opted_out(); }
Stats Client::stats() const noexcept { return core_->stats(); }

void Client::poll() noexcept {
  // A callback may destroy this client, and with it the last owner of the host.
  const std::shared_ptr<ClientCore> core = core_;
  if (!core->foreign()) core->host().poll();
}

}  // namespace lockstep
