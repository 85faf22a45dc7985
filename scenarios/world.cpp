#include "scenarios/world.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "clock/timestamp.h"
#include "mockserver/flag_backends.h"
#include "scenarios/hooks.h"
#include "scenarios/schema.h"
#include "sdk/transport/sim_transport.h"

namespace lockstep::scenario {

using nlohmann::json;

// The mock writes its own journal; this one is in the words of scenarios, and the trace's.
class World::Gate final : public http::Handler {
 public:
  explicit Gate(World& world) : world_(world) {}
  http::Reply handle(const http::Request& request, Now now) override {
    return world_.pass(request, now);
  }

 private:
  World& world_;
};

namespace {

mock::ServerOptions server_options(const Settings& settings) {
  mock::ServerOptions options;
  options.strict = settings.strict;
  options.suite_compatible = settings.suite_compatible;
  options.max_journal_entries = settings.journal ? options.max_journal_entries : 0;
  return options;
}

}  // namespace

namespace {

std::shared_ptr<VirtualClock> clock_from(const Epoch& epoch) {
  auto clock = std::make_shared<VirtualClock>(VirtualClock::kDefaultStart + epoch.wall);
  clock->advance(epoch.monotonic);
  clock->jump_wall(-epoch.monotonic);
  return clock;
}

}  // namespace

World::World(const Settings& settings, std::uint64_t seed, const Epoch& epoch)
    : settings_(settings),
      clock_(clock_from(epoch)),
      begun_(clock_->now()),
      chance_(std::make_shared<const Chance>(seed)),
      server_(server_options(settings)),
      gate_(std::make_unique<Gate>(*this)),
      last_answer_(std::make_unique<json>()) {
  server_.set_responder([this](const mock::ParsedRequest& request) {
    parsed(request);
    return std::nullopt;
  });
  host_ = std::make_shared<SimHost>(
      clock_, chance_,
      std::make_unique<SimTransport>(*clock_, *gate_,
                                     SimNetworkOptions{settings.latency, settings.latency}));
  adapter::AdapterOptions options;
  options.host = host_;
  options.capture = settings.capture;
  options.compression = settings.compression;
  options.customise = [this](Options& client) { customise(client); };
  // Scenarios last for days, in which no client may be taken for a forgotten one.
  options.instances.idle_timeout = kLongest;
  adapter_ = std::make_unique<adapter::Adapter>(std::move(options));
  if (!settings.oracles) return;
  oracles_ = make_oracles();
  if (settings.canary) oracles_.push_back(make_canary_oracle());
  trace_.on_record([this](const TraceStep& step) { heard(step); });
  host_->on_turn([this] { turned(); });
}

// Clients end before the world they look into. What ends then calls hooks, which ask this world for
// their client: the adapter must still be there to say that it is gone.
World::~World() { close(); }

void World::close() noexcept {
  flags_.clear();
  tools_.clear();
  if (adapter_ != nullptr) adapter_->close();
  while (!others_.empty()) end_another(std::string(others_.begin()->first));
  adapter_.reset();
  logs_.clear();
}

// --- clients ------------------------------------------------------------------------------------

void World::customise(Options& options) {
  options.trace = &trace_;
  options.trace_name = initialising_;
  hold_to(options);
  if (hooks_.empty()) return observe(options);
  Options plain = options;
  observe(options);
  install_hooks(options, std::move(plain));
}

void World::hold_to(const Options& options) {
  ClientLimits& limits = limits_[initialising_] = {};
  limits.max_batch_size = options.max_batch_size;
  limits.max_batch_bytes = options.max_batch_bytes;
  limits.max_event_bytes = std::max(options.max_event_bytes, options.max_ai_event_bytes);
  limits.max_queue_size = options.max_queue_size;
  limits.max_queue_bytes = options.max_queue_bytes;
  limits.queue_full = options.queue_full;
  limits.max_in_flight = options.max_in_flight;
  limits.max_retries = options.max_retries;
  limits.flush_at = options.flush_at;
  limits.flush_interval = options.flush_interval;
  limits.max_retry_after = options.max_retry_after;
  limits.retry_initial_backoff = options.retry_initial_backoff;
  limits.retry_max_backoff = options.retry_max_backoff;
  limits.retry_jitter_percent = options.retry_jitter_percent;
  limits.request_timeout = options.request_timeout;
  limits.shutdown_timeout = options.shutdown_timeout;
  limits.api_key = options.api_key;
  limits.flags_max_retries = options.flags_max_retries;
  limits.flags_timeout = options.flags_timeout;
  limits.flags_retry_backoff = options.flags_retry_backoff;
  limits.flag_called_cache_size = options.flag_called_cache_size;
  limits.has_hooks = !hooks_.empty();
  limits.has_ids = options.capture != Capture::confidence || options.event_id_field == "event_id";
  limits.ai_is_apart =
      options.capture != Capture::confidence && options.capture != Capture::segment;
}

void World::observe(Options& options) {
  const std::string name = initialising_;
  options.on_outcome = [this, name](const Outcome& outcome) {
    logs_[name].outcomes.push_back(outcome);
    const EndedEvent event{name, outcome, clock_->now()};
    tell([&](Oracle& oracle) { return oracle.ended(*this, event); });
  };
  options.on_error = [this, name](const ErrorReport& error) {
    logs_[name].errors.push_back(error);
    tell([&](Oracle& oracle) { return oracle.told(*this, {name, error, clock_->now()}); });
  };
  options.logger = [this, name](LogLevel, std::string_view text) {
    tell([&](Oracle& oracle) { return oracle.said(*this, name, text); });
  };
}

void World::install_hooks(Options& options, Options plain) {
  const std::string name = initialising_;
  const HookSite site{
      [this, name]() -> Client& { return client(name); },
      [this, name, plain = std::move(plain)](std::function<void()> on_outcome) -> Client& {
        return make_another(name, plain, std::move(on_outcome));
      },
      [this, name] { return end_another(name); }, [this] { return clock_->now(); }};
  for (const std::string& name_of_hook : hooks_) {
    const Hook* hook = find_hook(name_of_hook);
    hook->install(options, site);
    ClientLimits& limits = limits_[name];
    limits.hooks_end_all = limits.hooks_end_all || hook->ends_all;
  }
}

namespace {

std::string other_of(const std::string& client) { return client + "-other"; }

}  // namespace

Client& World::make_another(const std::string& of, Options like, std::function<void()> on_outcome) {
  end_another(of);
  const std::string name = other_of(of);
  begin(name);
  hooks_.clear();
  for (auto& [header, value] : like.headers) {
    if (http::equals_ignoring_case(header, "X-Test-Id")) value = name;
  }
  customise(like);
  if (on_outcome) observe_outcomes(like, std::move(on_outcome));
  auto& client = others_[of];
  client = std::make_unique<Client>(std::move(like), host_);
  return *client;
}

// In a callback, where nobody can wait, it has no time.
bool World::end_another(const std::string& of) {
  auto ending = others_.extract(of);
  if (ending.empty()) return false;
  const std::string name = other_of(of);
  const bool can_wait = host_->callback_count() % 2 == 0;
  const Instant now = clock_->now();
  const Duration time = can_wait ? limits_[name].shutdown_timeout : Duration{0};
  const DrainCall end{name, true, now, saturating_add(now, time), captures_, std::nullopt};
  tell([&](Oracle& oracle) { return oracle.draining(*this, end); });
  ending.mapped().reset();
  returned(end);
  return true;
}

Finding World::init(const std::string& name, const std::string& body,
                    const std::vector<std::string>& hooks) {
  end_another(name);
  hooks_ = hooks;
  return call(name, "/init", body);
}

// A new client, whatever one of that name did before it.
void World::begin(const std::string& name) {
  initialising_ = name;
  logs_.erase(name);
  std::erase_if(flights_, [&](const Flight& flight) { return flight.client == name; });
  tell([&](Oracle& oracle) { return oracle.opened(*this, name); });
  if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(name);
}

http::Response World::ask(const std::string& name, std::string_view method, std::string_view path,
                          const std::string& body) {
  if (path == "/init") begin(name);
  http::Request request;
  request.method = method;
  request.url.scheme = "http";
  request.url.host = "adapter";
  request.url.path = path;
  request.url.query = "test_id=" + name;
  request.body = body;
  const bool is_question = path == "/get_feature_flag";
  if (is_question) tell([&](Oracle& oracle) { return oracle.asking(*this, name); });
  http::Response response =
      timed([&] { return adapter_->handle(request, clock_->read()); }).response;
  if (is_question) {
    const AskedFlag asked{name, body, response.body};
    tell([&](Oracle& oracle) { return oracle.asked(*this, asked); });
  }
  if (path == "/reset") end_another(name);
  return response;
}

Finding World::call(const std::string& name, std::string_view path, const std::string& body) {
  const http::Response response = ask(name, "POST", path, body);
  last_answer_.reset();
  last_body_ = response.body;
  if (response.status < 400) return std::nullopt;
  return Failure{"the adapter to carry out POST " + std::string(path),
                 std::to_string(response.status) + " " + response.body};
}

void World::open_tool(const std::string& name, telemetry::TelemetryOptions options) {
  tools_.erase(name);
  hooks_.clear();
  begin(name);
  options.host = host_;
  options.customise = [this, name](Options& client) {
    customise(client);
    client.headers.emplace_back("X-Test-Id", name);
  };
  tools_.emplace(name, std::make_unique<telemetry::Telemetry>(std::move(options)));
}

telemetry::Telemetry& World::tool(const std::string& name) {
  const auto found = tools_.find(name);
  if (found == tools_.end()) throw std::runtime_error("the tool \"" + name + "\" does not exist");
  return *found->second;
}

bool World::has_client(const std::string& name) const {
  return adapter_->instance(name) != nullptr;
}

Client& World::client(const std::string& name) {
  const auto instance = adapter_->instance(name);
  if (instance == nullptr) throw std::runtime_error("the client \"" + name + "\" does not exist");
  return instance->client();
}

const ClientLimits* World::limits(const std::string& name) const {
  // Of few names; most runs have one client.
  const auto found = std::find_if(limits_.begin(), limits_.end(),
                                  [&](const auto& entry) { return entry.first == name; });
  return found == limits_.end() ? nullptr : &found->second;
}

std::vector<std::string> World::clients() const {
  std::vector<std::string> present;
  std::copy_if(names_.begin(), names_.end(), std::back_inserter(present),
               [&](const std::string& name) { return has_client(name); });
  return present;
}

// Hardly any step looks at what the one before it was answered.
const json& World::last_answer() const {
  if (last_answer_ == nullptr) {
    last_answer_ = std::make_unique<json>(json::parse(last_body_, nullptr, false));
  }
  return *last_answer_;
}

void World::set_last_answer(const json& answer) { last_answer_ = std::make_unique<json>(answer); }

void World::set_last_report(const FlushReport& report) { set_last_answer(to_json(report)); }

json World::to_json(const FlushReport& report) {
  return {{"success", report.ok()},
          {"status", to_string(report.status)},
          {"delivered", report.delivered},
          {"dropped", report.dropped},
          {"pending", report.pending}};
}

std::optional<FlushReport> World::report_of(const json& answer) {
  if (!answer.is_object()) return std::nullopt;
  const std::string status = answer.value("status", "");
  for (const auto known : {FlushStatus::complete, FlushStatus::timed_out, FlushStatus::deferred,
                           FlushStatus::closed}) {
    if (status != to_string(known)) continue;
    return FlushReport{known, answer.value("delivered", std::uint64_t{0}),
                       answer.value("dropped", std::uint64_t{0}),
                       answer.value("pending", std::uint64_t{0})};
  }
  return std::nullopt;
}

void World::heal() {
  mock::Script healthy;
  healthy.responses.emplace();
  healthy.default_response.emplace();
  healthy.sequences.emplace();
  healthy.latency = Duration{0};
  healthy.max_body_bytes = 0;
  healthy.max_batch_events = 0;
  for (const std::string& name : names_) server_.script(healthy, name);
  for (const auto& [name, flags] : flags_) server_.script(healthy, name);
  set_added_latency(Duration{0});
  mend_flag_files();
}

// --- flushes and shutdowns ----------------------------------------------------------------------

void World::start_drain(const std::string& name, const std::string& as, bool is_shutdown,
                        Duration timeout) {
  Client& of = client(name);
  const Instant now = clock_->now();
  const std::uint64_t upto = captures_;
  const FlushHandle handle = is_shutdown ? of.begin_shutdown(timeout) : of.begin_flush(timeout);
  logs_[name].started.insert_or_assign(as, handle);
  drains_.emplace_back(
      handle, DrainCall{name, is_shutdown, now, saturating_add(now, timeout), upto, std::nullopt});
  note_returned();  // it may have had nothing to wait for
}

void World::returned(const DrainCall& call) {
  tell([&](Oracle& oracle) { return oracle.returned(*this, call); });
}

std::vector<DrainCall> World::drains() const {
  std::vector<DrainCall> waiting;
  for (const auto& [handle, call] : drains_) waiting.push_back(call);
  return waiting;
}

void World::note_returned() {
  for (auto drain = drains_.begin(); drain != drains_.end();) {
    if (!drain->first.done()) {
      ++drain;
      continue;
    }
    DrainCall call = drain->second;
    call.report = drain->first.report();
    drain = drains_.erase(drain);
    returned(call);
  }
}

// --- requests -----------------------------------------------------------------------------------

namespace {

std::string_view fault_text(http::Fault fault) {
  switch (fault) {
    case http::Fault::none:
      return "";
    case http::Fault::refuse_connection:
      return "connection refused";
    case http::Fault::hang_connection:
      return "connection hangs";
    case http::Fault::fail_resolution:
      return "name not resolved";
    case http::Fault::reset_before:
      return "reset before the server acted";
    case http::Fault::reset_after:
      return "reset after the server acted";
    case http::Fault::no_answer:
      return "no answer";
    case http::Fault::truncate_body:
      return "truncated body";
    case http::Fault::garbage:
      return "garbage";
    case http::Fault::slow_body:
      return "slow body";
    case http::Fault::endless_body:
      return "endless body";
  }
  return "";
}

}  // namespace

std::string Seen::to_text() const {
  std::string text = "#" + std::to_string(number) + "  " + lockstep::scenario::to_text(at) + "  " +
                     request.method + " " + request.url.target();
  if (!client.empty() && client != World::kFirstClient) text += " (" + client + ")";
  text += "  " + std::to_string(reply.response.status);
  if (reply.fault != http::Fault::none) text += ", " + std::string(fault_text(reply.fault));
  if (reply.delay > Duration{0}) text += ", after " + lockstep::scenario::to_text(reply.delay);
  for (const std::string_view value : reply.response.headers.all("Retry-After")) {
    text += ", Retry-After: " + std::string(value);
  }
  if (is_flags()) return text;
  return text + "  attempt " + std::to_string(attempt) + "  " + std::to_string(events().size()) +
         (events().size() == 1 ? " event" : " events");
}

namespace {

// RFC 3339 ends in "Z", or in an offset such as "+02:00".
bool has_offset(std::string_view time) {
  constexpr std::size_t kOffset = 6;
  if (time.ends_with('Z')) return true;
  if (time.size() < kOffset) return false;
  const char sign = time[time.size() - kOffset];
  return (sign == '+' || sign == '-') && time[time.size() - 3] == ':';
}

}  // namespace

// The mock has read the body already; reading it a second time would double the cost of a run.
void World::parsed(const mock::ParsedRequest& request) {
  passing_->decoded = request.body;
  passing_->is_historical = request.is_historical;
  for (std::size_t i = 0; i < request.event_count(); ++i) {
    const mock::IncomingEvent& event = (*request.events)[i];
    passing_->parts.push_back({Uuid::parse(event.uuid).value_or(Uuid{}),
                               digest_bytes(kDigestStart, request.event_bytes(i))});
    passing_->times_have_offsets = passing_->times_have_offsets && has_offset(event.timestamp);
  }
  if (flags_.contains(request.test_id)) {
    passing_->question = std::make_shared<const mock::FlagQuestion>(mock::flag_question(request));
  }
}

// A request is known by the first of its events, and where that has no id, by the bytes of all.
void World::count_attempt(Seen& seen) {
  std::uint64_t content = kDigestStart;
  for (const SeenEvent& event : seen.parts) {
    content = digest_number(content, event.content);
    if (!event.uuid.is_nil()) ++carried_[event.uuid];
  }
  if (seen.parts.empty()) return;
  const Uuid& first = seen.parts.front().uuid;
  seen.attempt = first.is_nil() ? ++carried_bytes_[content] : carried_[first];
}

void World::record(const Seen& seen, std::uint64_t body) {
  const http::Headers& headers = seen.reply.response.headers;
  trace_.record(seen.at, "request",
                {{"client", seen.client},
                 {"number", seen.number},
                 {"to", seen.request.url.target()},
                 {"status", seen.reply.response.status},
                 {"retry_after", headers.get("Retry-After").value_or("")},
                 {"fault", fault_text(seen.reply.fault)},
                 {"delay", to_seconds(seen.reply.delay)},
                 {"attempt", seen.attempt},
                 {"events", seen.parts.size()},
                 {"body", body}});
}

http::Reply World::pass(const http::Request& request, Now now) {
  passing_ = std::make_unique<Seen>();
  http::Reply reply = server_.handle(request, now);
  auto seen = std::move(passing_);
  seen->number = seen_.size() + 1;
  seen->at = now.at;
  seen->client = request.headers.get("X-Test-Id").value_or("");
  seen->request = request;
  seen->reply = std::move(reply);
  seen->reply.delay = saturating_add(seen->reply.delay, added_latency_);
  sightings_.note_answer(seen->reply);
  count_attempt(*seen);
  const std::uint64_t body = digest_bytes(kDigestStart, seen->request.body);
  record(*seen, body);
  note_arrival(*seen, body);
  seen_.push_back(std::move(seen));
  const Seen& arrived = *seen_.back();
  tell([&](Oracle& oracle) { return oracle.arrived(*this, arrived); });
  return arrived.reply;
}

std::vector<const Seen*> World::requests(const std::string& client) const {
  std::vector<const Seen*> out;
  for (const auto& seen : seen_) {
    if (seen->client == client) out.push_back(seen.get());
  }
  return out;
}

// --- what the server kept -----------------------------------------------------------------------

World::Store World::store(const std::string& client) const {
  Store store;
  const auto note = [&](const mock::StoredEvent& event) {
    store.names.push_back(event.name);
    store.uuids.push_back(event.uuid);
    store.received += event.requests.size();
  };
  server_.each_stored(note, client);
  return store;
}

std::vector<std::string> World::violations(const std::string& client) const {
  std::vector<std::string> texts;
  for (const mock::Violation& violation : server_.violations(client)) {
    texts.push_back("request #" + std::to_string(violation.request) + ": " + violation.text);
  }
  return texts;
}

}  // namespace lockstep::scenario
