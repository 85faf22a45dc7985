// The client: what a service holds to capture events.
//
//   lockstep::Client client({.api_key = "phc_...", .host = "https://eu.i.posthog.com"});
//   client.capture("user-1", "order placed", {{"total", 42.5}, {"currency", "EUR"}});
//   client.shutdown(2s);   // or let the destructor do it
//
// capture() never waits (unless told to by QueueFullPolicy::block), never throws and does no I/O:
// it renders the event and puts it in the queue. A host (host/host.h) sends it.
#pragma once

#include <exception>
#include <initializer_list>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "sdk/event.h"
#include "sdk/exception.h"
#include "sdk/flags/flags.h"
#include "sdk/options.h"
#include "sdk/report.h"

namespace lockstep {

class ClientCore;
class FlushTicket;
class Host;

// A flush or shutdown that has been started. Copyable; outlives the client safely.
class FlushHandle {
 public:
  // Whether the report is final. Thread-safe, does not wait.
  bool done() const noexcept;
  // The report as it stands.
  FlushReport report() const noexcept;
  // Waits until done() (the flush's own deadline ends it at the latest). From a callback of the
  // client: does not wait, says `deferred`.
  FlushReport wait() const noexcept;

 private:
  friend class Client;
  explicit FlushHandle(std::shared_ptr<FlushTicket> ticket) : ticket_(std::move(ticket)) {}
  std::shared_ptr<FlushTicket> ticket_;
};

// Thread-safe, except that nothing may be called while it is being destroyed. Not copyable;
// movable.
class Client {
 public:
  // Starts a client on the process's shared thread host, which runs one thread for any number of
  // clients and stops with the last of them. Throws ConfigError for bad options.
  explicit Client(Options options);
  // The same on a host of one's own.
  Client(Options options, std::shared_ptr<Host> host);
  // shutdown(Options::shutdown_timeout), unless that has happened; one that was only begun is
  // waited for. Inside a callback of the host it cannot wait: what is pending is dropped
  // (shutdown_deadline). Never throws, and no callback of this client is called after it returned.
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) noexcept;

  // Captures an event. Never throws; says what it did.
  CaptureResult capture(std::string_view distinct_id, std::string_view name,
                        std::initializer_list<Property> properties = {}) noexcept;
  CaptureResult capture(std::string_view distinct_id, std::string_view name,
                        std::span<const Property> properties) noexcept;
  CaptureResult capture(Event event) noexcept;
  // Captures each; the results are in the order of the events. Not atomic: a full queue may take
  // some and refuse others, and the results say which.
  std::vector<CaptureResult> capture_batch(std::vector<Event> events) noexcept;
  // Captures an LLM event ($ai_generation, ...) on the AI lane: its own queue and endpoint
  // (/i/v0/ai/batch/), larger events allowed.
  CaptureResult capture_ai(Event event) noexcept;

  // Captures an exception for error tracking: a $exception event with what it says and what it
  // wraps (sdk/exception.h). An empty distinct_id is nobody's: the event gets an id of its own and
  // makes no person profile. A null exception_ptr is refused (invalid).
  //
  //   } catch (const std::exception& error) { client.capture_exception("user-1", error); }
  //   } catch (...) { client.capture_exception("user-1", std::current_exception()); }
  CaptureResult capture_exception(std::string_view distinct_id, const std::exception& error,
                                  const ExceptionOptions& options = {}) noexcept;
  CaptureResult capture_exception(std::string_view distinct_id, const std::exception_ptr& error,
                                  const ExceptionOptions& options = {}) noexcept;

  // The person-and-group helpers: each is one event of PostHog's naming.
  // $identify with $set and $set_once.
  CaptureResult identify(std::string_view distinct_id, const Properties& set,
                         const Properties& set_once = {}) noexcept;
  // $create_alias: events of `alias` belong to `distinct_id` too.
  CaptureResult alias(std::string_view distinct_id, std::string_view alias) noexcept;
  // $groupidentify.
  CaptureResult group_identify(std::string_view group_type, std::string_view group_key,
                               const Properties& set) noexcept;

  // Sends what was captured before the call, as far as a pause of the endpoint allows (a flush
  // burns no attempt that a waiting batch has left), and waits for the outcomes until `timeout` has
  // passed. What has none by then stays queued.
  FlushReport flush(Duration timeout = std::chrono::seconds{10}) noexcept;
  FlushHandle begin_flush(Duration timeout = std::chrono::seconds{10}) noexcept;

  // Closes the client: from now on captures are refused. Delivers what it can until `timeout` has
  // passed, with retries that fit, then cancels what is in flight and drops the rest, each event
  // with its outcome. Returns early when nothing more can be sent before the deadline. Idempotent;
  // an earlier deadline of a second call wins. Nothing is sent after it returned.
  FlushReport shutdown(Duration timeout) noexcept;
  FlushReport shutdown() noexcept;
  FlushHandle begin_shutdown(Duration timeout) noexcept;

  // Asks the server for a flag (POST /flags?v=2), with retries on 502, 504 and transport errors,
  // and captures $feature_flag_called once per distinct_id, flag and answer. Waits at most
  // (flags_max_retries + 1) * flags_timeout plus the backoffs. Never throws.
  FlagResult get_feature_flag(const FlagRequest& request) noexcept;

  // Stops and resumes capturing at run time (consent). Queued events are still sent.
  void opt_out() noexcept;
  void opt_in() noexcept;
  bool opted_out() const noexcept;

  // The ledger, exact at the instant of the call.
  Stats stats() const noexcept;

  // On a manual host: does what is due now and returns. On other hosts: nothing.
  void poll() noexcept;

 private:
  std::shared_ptr<ClientCore> core_;
};

}  // namespace lockstep
