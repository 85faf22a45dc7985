// Everything a client can be told at construction, with its default.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clock/time.h"
#include "sdk/codec/codec.h"
#include "sdk/event.h"
#include "sdk/report.h"

namespace lockstep {

class Trace;

// The ingestion protocol of the analytics and historical lanes. With PostHog's the AI lane has its
// own; with the others it is a queue of its own for the same endpoint, and there are no flags.
// docs/protocols.md says what becomes of an event in each.
enum class Capture : std::uint8_t {
  v0,      // POST /batch/
  v1,      // POST /i/v1/analytics/events: an answer per event
  client,  // POST /e/, as browsers and devices do: each event names the project and the person
  // Segment's POST /v1/batch; api_key is the write key, which may be empty where a proxy adds it
  segment,
  confidence,  // Confidence's POST /v1/events:publish; api_key is the client secret
};
// By name, in the order of the enumeration.
inline constexpr std::array<std::string_view, 5> kCaptureNames{"v0", "v1", "client", "segment",
                                                               "confidence"};
std::string_view to_string(Capture capture) noexcept;
std::optional<Capture> parse_capture(std::string_view name) noexcept;

enum class QueueFullPolicy : std::uint8_t {
  drop_newest,  // capture() says queue_full
  drop_oldest,  // the oldest event that is not in flight gives way
  block,        // capture() waits up to max_block for room, then as drop_newest
};
std::string_view to_string(QueueFullPolicy policy) noexcept;
std::optional<QueueFullPolicy> parse_queue_full_policy(std::string_view name) noexcept;

// Sees an event before it is admitted, on the thread that captures; may change it, except that name
// and distinct_id must stay non-empty. Returning false drops the event and ends the chain; so does
// throwing. Must be thread-safe when several threads capture. May call flush() and capture().
using BeforeSend = std::function<bool(Event&)>;

// Bad configuration. The message names the option and says what it must be.
class ConfigError : public std::invalid_argument {
 public:
  ConfigError(std::string_view option, const std::string& problem)
      : std::invalid_argument(std::string(option) + ": " + problem), option_(option) {}
  const std::string& option() const noexcept { return option_; }

 private:
  std::string option_;
};

struct Options {
  static constexpr std::size_t kMaxApiKeyLength = 200;
  static constexpr std::string_view kPosthogHost = "https://us.i.posthog.com";

  std::string api_key{};  // required, unless disabled; at most kMaxApiKeyLength characters
  // Origin; a path is kept as a prefix. Protocols that are not PostHog's have no default.
  std::string host{kPosthogHost};
  bool disabled = false;  // captures are refused, nothing is sent

  Capture capture = Capture::v0;
  Compression compression = Compression::none;
  std::vector<std::pair<std::string, std::string>> headers{};  // added to every request

  // Batching, per lane. A batch leaves when flush_at events or max_batch_bytes wait, or the oldest
  // has waited for flush_interval.
  std::size_t flush_at = 100;
  Duration flush_interval = std::chrono::seconds{5};
  std::size_t max_batch_size = 100;  // events in a request
  // These three are cut to what the protocol's endpoint takes where that is less: a request's body
  // to 2 MiB with Capture::client and to 1 MiB with Capture::confidence; with Capture::segment to
  // 500,000 bytes, 2,500 events, and 32,000 bytes an event.
  std::size_t max_batch_bytes = 5 << 20;     // of a request's body before compression
  std::size_t max_event_bytes = 900 << 10;   // of one event's JSON (PostHog: about 1 MB)
  std::size_t max_ai_event_bytes = 4 << 20;  // the same, AI lane
  std::size_t max_queue_size = 10'000;       // events held in memory, in flight included
  std::size_t max_queue_bytes = 64 << 20;    // the same, in bytes of JSON
  QueueFullPolicy queue_full = QueueFullPolicy::drop_newest;
  Duration max_block = std::chrono::milliseconds{100};  // only for QueueFullPolicy::block

  // Delivery.
  std::size_t max_in_flight = 4;  // requests at a time to one endpoint
  std::uint32_t max_retries = 3;  // so at most max_retries + 1 attempts
  Duration retry_initial_backoff = std::chrono::milliseconds{200};  // doubles with each failure
  Duration retry_max_backoff = std::chrono::seconds{30};
  std::uint32_t retry_jitter_percent = 20;  // each backoff is spread by up to this much either way
  Duration max_retry_after = std::chrono::hours{1};  // a longer Retry-After is cut to this
  Duration request_timeout = std::chrono::seconds{10};
  Duration connect_timeout = std::chrono::seconds{5};
  std::size_t max_response_bytes = 4 << 20;
  Duration shutdown_timeout = std::chrono::seconds{10};  // what the destructor allows

  // What goes on events.
  bool disable_geoip = false;         // adds $geoip_disable: true
  bool historical_migration = false;  // every event through the historical lane
  bool is_server = true;              // $is_server
  Properties super_properties{};      // added to every event; an event's own properties win
  // Capture::confidence: a field of each payload that gets the event's uuid, so that who reads the
  // events can tell a repeat from the event itself. Empty: none; the schema must have the field.
  std::string event_id_field{};

  // Feature flags.
  Duration flags_timeout = std::chrono::seconds{3};  // of one attempt
  std::uint32_t flags_max_retries = 1;               // on 502, 504 and transport errors only
  Duration flags_retry_backoff = std::chrono::milliseconds{300};  // doubles
  std::size_t flag_called_cache_size = 50'000;  // remembered ($feature_flag_called sent) answers

  // Hooks and observers. before_send runs on the capturing thread; the others on the host's thread
  // (or in the call that pumps a sim or manual host), never at the same time for one client. What
  // they throw is caught and logged. From within them flush() and shutdown() start but do not wait.
  std::vector<BeforeSend> before_send{};                     // in order
  std::function<void(const Outcome&)> on_outcome{};          // each event's end
  std::function<void(const ErrorReport&)> on_error{};        // a batch lost, a queue full
  std::function<void(const RequestReport&)> on_request{};    // each request's end; flags' aside
  std::function<void(LogLevel, std::string_view)> logger{};  // default: nothing is logged

  // Records every step of this client; for tests and simulation. Must outlive the client.
  Trace* trace = nullptr;
  // What the trace calls this client; default: its number among the clients of its host.
  std::string trace_name{};

  // Throws ConfigError for the first option that is wrong.
  void validate() const;
};

}  // namespace lockstep
