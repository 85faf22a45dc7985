// POST /init: the table of the SDK's options by name, and the few names of the suite's own.
#include <array>
#include <limits>
#include <nlohmann/json.hpp>

#include "adapter/parse.h"
#include "http/message.h"
#include "sdk/json.h"
#include "sdk/protocol/common.h"

namespace lockstep::adapter {
namespace {

using nlohmann::json;

constexpr std::string_view kTestIdHeader = "X-Test-Id";

using Read = void (*)(Fields& fields, std::string_view name, Options& options);

template <auto kMember>
void read_text(Fields& fields, std::string_view name, Options& options) {
  if (auto value = fields.text(name)) options.*kMember = *std::move(value);
}

template <auto kMember>
void read_boolean(Fields& fields, std::string_view name, Options& options) {
  if (const auto value = fields.boolean(name)) options.*kMember = *value;
}

template <auto kMember>
void read_natural(Fields& fields, std::string_view name, Options& options) {
  using Number = std::remove_reference_t<decltype(options.*kMember)>;
  if (const auto value = fields.natural(name, std::numeric_limits<Number>::max())) {
    options.*kMember = static_cast<Number>(*value);
  }
}

template <auto kMember>
void read_milliseconds(Fields& fields, std::string_view name, Options& options) {
  if (const auto value = fields.milliseconds(name)) options.*kMember = *value;
}

template <auto kMember, auto kParse>
void read_choice(Fields& fields, std::string_view name, Options& options) {
  const auto text = fields.text(name);
  if (!text) return;
  const auto choice = kParse(*text);
  if (!choice) fields.refuse(name, "is none of the known names");
  options.*kMember = *choice;
}

void read_headers(Fields& fields, std::string_view name, Options& options) {
  const json* object = fields.object(name);
  if (object == nullptr) return;
  Fields members(*object, std::string(name) + ".");
  for (const auto& header : object->items()) {
    options.headers.emplace_back(header.key(), members.required_text(header.key()));
  }
}

void read_super_properties(Fields& fields, std::string_view name, Options& options) {
  if (const json* object = fields.object(name)) {
    options.super_properties = properties_from_json(*object);
  }
}

struct OptionRow {
  std::string_view name;    // in /init
  std::string_view option;  // in sdk/options.h
  Read read;
};

constexpr auto kOptionRows = std::to_array<OptionRow>({
    {"api_key", "api_key", read_text<&Options::api_key>},
    {"host", "host", read_text<&Options::host>},
    {"disabled", "disabled", read_boolean<&Options::disabled>},
    {"capture", "capture", read_choice<&Options::capture, &parse_capture>},
    {"compression", "compression", read_choice<&Options::compression, &parse_compression>},
    {"headers", "headers", read_headers},
    {"flush_at", "flush_at", read_natural<&Options::flush_at>},
    {"flush_interval_ms", "flush_interval", read_milliseconds<&Options::flush_interval>},
    {"max_batch_size", "max_batch_size", read_natural<&Options::max_batch_size>},
    {"max_batch_bytes", "max_batch_bytes", read_natural<&Options::max_batch_bytes>},
    {"max_event_bytes", "max_event_bytes", read_natural<&Options::max_event_bytes>},
    {"max_ai_event_bytes", "max_ai_event_bytes", read_natural<&Options::max_ai_event_bytes>},
    {"max_queue_size", "max_queue_size", read_natural<&Options::max_queue_size>},
    {"max_queue_bytes", "max_queue_bytes", read_natural<&Options::max_queue_bytes>},
    {"queue_full", "queue_full", read_choice<&Options::queue_full, &parse_queue_full_policy>},
    {"max_block_ms", "max_block", read_milliseconds<&Options::max_block>},
    {"max_in_flight", "max_in_flight", read_natural<&Options::max_in_flight>},
    {"max_retries", "max_retries", read_natural<&Options::max_retries>},
    {"retry_initial_backoff_ms", "retry_initial_backoff",
     read_milliseconds<&Options::retry_initial_backoff>},
    {"retry_max_backoff_ms", "retry_max_backoff", read_milliseconds<&Options::retry_max_backoff>},
    {"retry_jitter_percent", "retry_jitter_percent", read_natural<&Options::retry_jitter_percent>},
    {"max_retry_after_ms", "max_retry_after", read_milliseconds<&Options::max_retry_after>},
    {"request_timeout_ms", "request_timeout", read_milliseconds<&Options::request_timeout>},
    {"connect_timeout_ms", "connect_timeout", read_milliseconds<&Options::connect_timeout>},
    {"max_response_bytes", "max_response_bytes", read_natural<&Options::max_response_bytes>},
    {"shutdown_timeout_ms", "shutdown_timeout", read_milliseconds<&Options::shutdown_timeout>},
    {"disable_geoip", "disable_geoip", read_boolean<&Options::disable_geoip>},
    {"historical_migration", "historical_migration", read_boolean<&Options::historical_migration>},
    {"is_server", "is_server", read_boolean<&Options::is_server>},
    {"super_properties", "super_properties", read_super_properties},
    {"event_id_field", "event_id_field", read_text<&Options::event_id_field>},
    {"flags_timeout_ms", "flags_timeout", read_milliseconds<&Options::flags_timeout>},
    {"flags_max_retries", "flags_max_retries", read_natural<&Options::flags_max_retries>},
    {"flags_retry_backoff_ms", "flags_retry_backoff",
     read_milliseconds<&Options::flags_retry_backoff>},
    {"flag_called_cache_size", "flag_called_cache_size",
     read_natural<&Options::flag_called_cache_size>},
});

// The suite knows compression only as on and off, so which codec is on belongs to the process.
void read_enable_compression(Fields& fields, Compression codec, Options& options) {
  const auto enabled = fields.boolean("enable_compression");
  if (!enabled) return;
  if (fields.find("compression") != nullptr) {
    fields.refuse("enable_compression", "must not stand beside compression, which says more");
  }
  if (*enabled) options.compression = codec == Compression::none ? Compression::gzip : codec;
}

void add_test_id(std::string_view test_id, Options& options) {
  if (test_id.empty()) return;
  for (const auto& header : options.headers) {
    if (http::equals_ignoring_case(header.first, kTestIdHeader)) {
      throw BadRequest("headers." + header.first, "is set by the request's test_id");
    }
  }
  options.headers.emplace_back(kTestIdHeader, test_id);
}

}  // namespace

Options parse_init(std::string_view body, const InitDefaults& defaults, std::string_view test_id) {
  const json document = parse_object(body);
  Fields fields(document);
  Options options;
  options.capture = defaults.capture;
  options.flush_at = 100;
  options.flush_interval = std::chrono::milliseconds{500};
  options.max_retries = 3;
  fields.required_text("api_key");
  fields.required_text("host");
  for (const OptionRow& row : kOptionRows) row.read(fields, row.name, options);
  read_enable_compression(fields, defaults.compression, options);
  fields.refuse_others();
  add_test_id(test_id, options);
  return options;
}

BadRequest bad_option(const ConfigError& error, std::string_view api_key) {
  std::string problem = error.what();
  const std::string prefix = error.option() + ": ";
  if (problem.starts_with(prefix)) problem.erase(0, prefix.size());
  std::string field = error.option();
  for (const OptionRow& row : kOptionRows) {
    if (row.option == error.option()) field = row.name;
  }
  return BadRequest(std::move(field), protocol::without_key(std::move(problem), api_key));
}

}  // namespace lockstep::adapter
