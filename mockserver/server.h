// The scripted mock ingestion server: a function from request to reply, with memory.
//
// It answers as PostHog's ingestion does, except where a script says otherwise; it writes down
// every request; it stores what it accepts; and in strict mode it holds each request to the real
// limits. The rule of this file: it never waits, never reads a clock and never breaks a connection.
// Time comes with the request, and delays and faults go out as part of the Reply. So one server
// serves the simulated network and the HTTP front (http_front.h) alike.
//
// Start with script() and journal(). Requests with an X-Test-Id header live in a partition of that
// name, with its own script, journal, store and violations; all others share the partition "".
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/handler.h"
#include "mockserver/ingest.h"
#include "mockserver/journal.h"
#include "mockserver/limits.h"
#include "mockserver/script.h"
#include "mockserver/store.h"

namespace lockstep::mock {

struct ServerOptions {
  // Holds requests to the real limits (validate.h): what PostHog would refuse is refused with its
  // error, and noted in violations().
  bool strict = false;
  IngestLimits limits{};  // of strict mode; lower ones make a test of a limit cheap
  // Does as the shared suite's own mock does where it differs from PostHog: decodes "gzip" only,
  // sorts v1 results by uuid, gives an undecodable v1 request a bare {"results": {}}.
  bool suite_compatible = false;

  std::size_t max_body_bytes = 0;    // a longer encoded body gets 413; 0: no limit
  std::size_t max_batch_events = 0;  // a longer batch gets 413; 0: no limit
  std::size_t max_decoded_bytes =
      std::size_t{50} * 1024 * 1024;  // decoding stops there: a decode error
  Duration latency{0};                // added to every answer's delay

  bool keep_store = true;                     // false: accepted events are forgotten
  std::size_t max_journal_entries = 100'000;  // per partition
  std::size_t max_journal_bytes = std::size_t{256} * 1024 * 1024;  // bodies, per partition
  std::size_t max_journal_body_bytes = std::size_t{1024} * 1024;   // kept of one body
  std::size_t max_violations = 10'000;                             // per partition
  std::size_t max_partitions = 1024;  // beyond, the one used longest ago goes; "" stays
};

// Strict mode's finding about a request.
struct Violation {
  std::uint64_t request = 0;  // number of the journal entry
  std::string test_id;
  std::string text;
  bool operator==(const Violation&) const = default;
};

// What a partition holds, in numbers.
struct PartitionSummary {
  std::string test_id;
  std::size_t requests = 0;
  std::uint64_t dropped_requests = 0;  // from the journal, for its limits
  std::size_t queued_responses = 0;
  std::size_t stored_events = 0;
  std::size_t violations = 0;
  std::vector<std::string> unfinished_sequences;  // those with steps left
};

// Answers a request instead of the script; nothing: the script answers. Called before anything is
// locked, from any thread.
using Responder = std::function<std::optional<Step>(const ParsedRequest&)>;

// All of it is thread-safe. Whose partition: a text means that one ("" those without X-Test-Id), no
// argument means all of them together.
class Server final : public http::Handler {
 public:
  using Whose = std::optional<std::string_view>;

  explicit Server(ServerOptions options = {});
  ~Server() override;

  // Answers, in this order: /_control (control.h) and health; 404, 405 or 308 for what has no route
  // and no sequence of its own, which is neither journalled nor uses up a step; then the responder,
  // the partition's sequences, its queue, its default. Limits and strict mode turn what would have
  // been a success into their error; scripted errors and faults stand.
  http::Reply handle(const http::Request& request, Now now) override;

  // Throws ScriptError, and changes nothing, when the script is wrong.
  void script(Script script, std::string_view test_id = {});
  // Adds to the partition's queue. Throws ScriptError likewise.
  void enqueue(std::vector<Step> steps, std::string_view test_id = {});
  // Adds a sequence behind those that are there. Throws ScriptError likewise.
  void add_sequence(Sequence sequence, std::string_view test_id = {});
  // For all partitions; an empty function takes it away.
  void set_responder(Responder responder);

  // What the partition's flag backends know.
  FlagBook flags(std::string_view test_id = {}) const;

  // Forgets requests, with the store and the violations; scripts stay.
  void clear_requests(Whose whose = {});
  // Forgets everything, scripts included. Numbers of requests go on.
  void reset(Whose whose = {});

  // In order of arrival.
  std::vector<JournalEntry> journal(Whose whose = {}) const;
  std::size_t request_count(Whose whose = {}) const;
  // After deduplication, in order of first arrival within each partition.
  std::vector<StoredEvent> stored(Whose whose = {}) const;
  // Shows them one by one, under the server's lock: `look` must not call the server.
  void each_stored(const std::function<void(const StoredEvent&)>& look, Whose whose = {}) const;
  // How many processed requests carried the uuid.
  std::size_t received_count(std::string_view uuid, Whose whose = {}) const;
  // Empty without strict mode.
  std::vector<Violation> violations(Whose whose = {}) const;
  // By name.
  std::vector<PartitionSummary> partitions() const;
  // Requests that had no route and no sequence: method and path of the first hundred, and how many.
  std::vector<std::string> unrouted() const;
  std::uint64_t unrouted_count() const;

  const ServerOptions& options() const noexcept { return options_; }

 private:
  struct State;

  const ServerOptions options_;
  std::unique_ptr<State> state_;
};

}  // namespace lockstep::mock
