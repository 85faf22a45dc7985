#include "telemetry/telemetry.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "clock/uuid.h"
#include "sdk/host/thread_host.h"
#include "sdk/json/writer.h"
#include "telemetry/error_class.h"

namespace lockstep::telemetry {

namespace {

constexpr Stream kInvocationId{"invocation-id"};

constexpr std::string_view operating_system() {
#if defined(__linux__)
  return "linux";
#elif defined(__APPLE__)
  return "darwin";
#elif defined(_WIN32)
  return "windows";
#else
  return "unknown";
#endif
}

bool is_no(std::string_view value) {
  return value == "0" || value == "false" || value == "no" || value == "off";
}

std::string array_of(const std::vector<std::string>& texts) {
  JsonWriter json;
  json.raw('[');
  for (const std::string& text : texts) {
    if (&text != texts.data()) json.raw(',');
    json.string(text);
  }
  json.raw(']');
  return std::string(json.text());
}

std::string object_of(const Properties& properties) {
  JsonWriter json;
  json.object(properties);
  return std::string(json.text());
}

// How long to wait for answers, so that the end of the program, which is still to come, keeps
// within `close_timeout` too. bench/exit_bench.py measures what that end takes.
Duration waiting_time(Duration close_timeout) {
  constexpr Duration kProgramsEnd = std::chrono::milliseconds{50};
  return close_timeout - std::min(kProgramsEnd, close_timeout / 2);
}

std::int64_t milliseconds(Duration length) { return length / std::chrono::milliseconds{1}; }

}  // namespace

// --- life ---------------------------------------------------------------------------------------

Telemetry::Telemetry(TelemetryOptions options) noexcept : options_(std::move(options)) {
  try {
    if (const auto why = off_by()) {
      say("off: " + *why);
    } else {
      open();
    }
  } catch (const std::exception& problem) {
    client_ = nullptr;
    say(std::string("off: ") + problem.what());
  }
}

Telemetry::~Telemetry() {
  close();
  client_ = nullptr;  // its callbacks use what would be gone before it
}

std::string Telemetry::variable(const std::string& name) const {
  const char* value =
      options_.environment ? options_.environment(name.c_str()) : std::getenv(name.c_str());
  return value == nullptr ? "" : value;
}

std::optional<std::string> Telemetry::off_by() const {
  const std::string everywhere = variable("DO_NOT_TRACK");
  if (!everywhere.empty() && !is_no(everywhere)) return "DO_NOT_TRACK";
  if (!options_.opt_out.empty() && is_no(variable(options_.opt_out))) return options_.opt_out;
  if (options_.endpoint.empty()) return "no endpoint";
  if (options_.anonymous_id.empty()) return "no anonymous_id";
  return std::nullopt;
}

void Telemetry::open() {
  for (const char* name : {"CI", "BUILD_NUMBER", "RUN_ID"}) {
    const std::string value = variable(name);
    is_ci_ = is_ci_ || (!value.empty() && !is_no(value));
  }
  host_ = options_.host != nullptr ? options_.host : ThreadHost::shared();
  client_ = std::make_unique<Client>(client_options(), host_);
  // Drawn for the client's number: two tools on one host are two invocations.
  const std::uint64_t draw = host_->next_client_id();
  const Chance& chance = host_->chance();
  invocation_id_ =
      make_uuid_v4(chance.bits({kInvocationId, draw, 0}), chance.bits({kInvocationId, draw, 1}))
          .to_string();
}

Options Telemetry::client_options() {
  Options client;
  client.capture = Capture::segment;
  client.api_key = options_.write_key;
  client.host = options_.endpoint;
  // Most commands are over before anything is sent; a long one does not keep its events until then.
  client.flush_at = 20;
  client.flush_interval = std::chrono::seconds{1};
  client.shutdown_timeout = waiting_time(options_.close_timeout);
  if (options_.debug) {
    client.on_outcome = [this](const Outcome& outcome) {
      if (outcome.delivered) return say("delivered " + outcome.uuid.to_string());
      say("lost " + outcome.uuid.to_string() + ": " + std::string(to_string(outcome.reason)) +
          (outcome.detail.empty() ? "" : ", " + outcome.detail));
    };
  }
  if (options_.customise) options_.customise(client);
  return client;
}

void Telemetry::close() noexcept {
  if (client_ == nullptr) return;
  static_cast<void>(client_->shutdown(waiting_time(options_.close_timeout)));
}

// --- events -------------------------------------------------------------------------------------

Event Telemetry::event_of(std::string_view name, const Properties& properties) const {
  Event event;
  event.name = name;
  const bool is_user = !options_.user_id.empty();
  event.distinct_id = is_user ? options_.user_id : options_.anonymous_id;
  event.properties = properties;
  JsonWriter device;
  device.raw(R"({"device":{"id":)");
  device.string(options_.anonymous_id);
  device.raw("}}");
  event.properties.set("$context", Json{device.text()});
  if (is_user) {
    event.properties.set("$anon_distinct_id", options_.anonymous_id);
    event.properties.erase("$process_person_profile");
  } else {
    event.properties.erase("$anon_distinct_id");
    event.options.process_person_profile = false;
  }
  return event;
}

void Telemetry::identify(const Properties& traits) noexcept try {
  if (client_ == nullptr) return;
  Properties set;
  set.set("$set", Json{object_of(traits)});
  const std::lock_guard lock(mutex_);
  capture(event_of("$identify", set));
} catch (...) {
  // Out of memory: the tool has other worries.
}

void Telemetry::track(std::string_view name, const Properties& properties) noexcept try {
  if (client_ == nullptr) return;
  Event event = event_of(name, properties);
  // Written last, so that no call site overrides them.
  const auto set = [&](std::string_view key, const Value& value) {
    event.properties.set(key, value);
  };
  for (std::size_t i = 0; i < options_.base.size(); ++i) {
    set(options_.base.at(i).first, Json{options_.base.at(i).second});
  }
  set("invocation_id", invocation_id_);
  set("version", options_.version);
  set("operating_system", operating_system());
  set("is_ci", is_ci_ ? 1 : 0);
  const std::lock_guard lock(mutex_);
  set("command", command_);
  set("flags", Json{array_of(flags_)});
  set("sequence", sequence_ + 1);
  capture(std::move(event));
} catch (...) {
  // As above.
}

// A number is used up only by an event that was taken; the others leave no gap.
void Telemetry::capture(Event event) {
  const bool is_numbered = event.properties.has("sequence");
  const std::string text =
      options_.debug ? event.name + ' ' + object_of(event.properties) : std::string();
  if (options_.on_event) options_.on_event(event);
  const CaptureResult result = client_->capture(std::move(event));
  if (result.ok() && is_numbered) ++sequence_;
  if (!options_.debug) return;
  say((result.ok() ? "captured " + result.uuid.to_string() + ' '
                   : "refused (" + std::string(to_string(result.admission)) + ") ") +
      text);
}

void Telemetry::command_started(std::string command, std::vector<std::string> flags) noexcept try {
  {
    const std::lock_guard lock(mutex_);
    command_ = std::move(command);
    flags_ = std::move(flags);
  }
  track(kCommandInvoked);
} catch (...) {
  // As above.
}

void Telemetry::command_completed(const Ending& ending) noexcept try {
  {
    const std::lock_guard lock(mutex_);
    if (command_.empty() || std::exchange(completed_, true)) return;
  }
  const std::string error =
      ending.error_class.empty() ? error_class(ending.error) : ending.error_class;
  const bool succeeded = ending.exit_code == 0 && ending.error == nullptr && error.empty();
  Properties properties{{"succeeded", succeeded},
                        {"exit_code", ending.exit_code},
                        {"duration_ms", milliseconds(ending.duration)}};
  if (!succeeded) {
    if (!error.empty()) properties.set("error_class", error);
    properties.set("user_cancelled", ending.user_cancelled);
  }
  track(kCommandCompleted, properties);
} catch (...) {
  // As above.
}

// --- the rest -----------------------------------------------------------------------------------

Instant Telemetry::now() const noexcept {
  return host_ == nullptr ? Instant{} : host_->clock().now();
}

Stats Telemetry::stats() const noexcept { return client_ == nullptr ? Stats{} : client_->stats(); }

void Telemetry::say(std::string_view text) const noexcept try {
  if (!options_.debug) return;
  const std::lock_guard lock(log_mutex_);
  if (options_.log) return options_.log("telemetry: " + std::string(text));
  std::fprintf(stderr, "telemetry: %.*s\n", static_cast<int>(text.size()), text.data());
} catch (...) {
  // Whoever logs and fails has nowhere to say so.
}

int run_command(Telemetry& telemetry, const std::function<int()>& command) {
  const Instant start = telemetry.now();
  Telemetry::Ending ending;
  try {
    ending.exit_code = command();
  } catch (const UserCancelled&) {
    ending.error = std::current_exception();
    ending.user_cancelled = true;
  } catch (...) {
    ending.error = std::current_exception();
  }
  ending.duration = telemetry.now() - start;
  if (ending.error != nullptr) ending.exit_code = ending.user_cancelled ? 130 : 1;
  telemetry.command_completed(ending);
  telemetry.close();
  if (ending.error != nullptr) std::rethrow_exception(ending.error);
  return ending.exit_code;
}

}  // namespace lockstep::telemetry
