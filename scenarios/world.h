// A scenario's world: virtual clock, simulated network, scripted mock server, SDK clients behind
// the compliance adapter. Nothing in it is shared with another world.
//
// The SDK is used in two ways, as the suite does and as a program does: through the adapter's
// endpoints (call), and directly where there is no endpoint (client).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/adapter.h"
#include "clock/trace.h"
#include "clock/virtual_clock.h"
#include "mockserver/server.h"
#include "openfeature/client.h"
#include "scenarios/action.h"
#include "scenarios/by_uuid.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/scenario.h"
#include "scenarios/seen.h"
#include "scenarios/sightings.h"
#include "sdk/client.h"
#include "sdk/host/sim_host.h"
#include "telemetry/telemetry.h"

namespace lockstep::scenario {

// Of a client's options, what the oracles hold it to.
struct ClientLimits {
  std::size_t max_batch_size = 0;
  std::size_t max_batch_bytes = 0;
  std::size_t max_event_bytes = 0;  // of any lane
  std::size_t max_queue_size = 0;
  std::size_t max_queue_bytes = 0;
  QueueFullPolicy queue_full = QueueFullPolicy::drop_newest;
  std::size_t max_in_flight = 0;
  std::uint32_t max_retries = 0;
  std::size_t flush_at = 0;
  Duration flush_interval{0};
  Duration max_retry_after{0};
  Duration retry_initial_backoff{0};
  Duration retry_max_backoff{0};
  std::uint32_t retry_jitter_percent = 0;
  Duration request_timeout{0};
  Duration shutdown_timeout{0};
  std::string api_key;
  std::uint32_t flags_max_retries = 0;
  Duration flags_timeout{0};
  Duration flags_retry_backoff{0};
  std::size_t flag_called_cache_size = 0;
  bool has_ids = true;  // its events have an id on the wire, by which the mock can tell them apart
  bool ai_is_apart = true;  // AI events go to an endpoint of their own
  bool has_hooks = false;
  bool hooks_end_all = false;  // no event passes them
};

// Of a flag provider's options, the same.
struct FlagLimits {
  std::string backend;  // as in the action flags_open
  Duration timeout{0};
  Duration max_age{0};
  Duration max_stale{0};
  Duration poll_interval{0};
  Duration max_retry_after{0};
  bool log_exposures = true;
};

// What a client's observers said, and what its last calls answered.
struct ClientLog {
  std::vector<Outcome> outcomes;
  std::vector<ErrorReport> errors;
  std::array<std::uint64_t, kDropReasonCount> dropped_at_once{};  // as capture() said
  std::map<std::string, FlushHandle>
      started;  // flushes and shutdowns, by the name a step gave them

  void note(const CaptureResult& result) {
    if (result.admission == Admission::dropped) {
      ++dropped_at_once[static_cast<std::size_t>(result.reason)];
    }
  }
};

class World {
 public:
  // The client of steps that name none. A client's name is its test id.
  static constexpr std::string_view kFirstClient = "main";
  // The api key of a client whose step names none.
  static constexpr std::string_view kApiKey = "phc_test_key";
  // Time passes freely up to here; beyond it a scenario is stuck.
  static constexpr Duration kLongest = std::chrono::hours{24 * 366};

  // `epoch`: what the clocks show when it begins.
  World(const Settings& settings, std::uint64_t seed, const Epoch& epoch = {});
  ~World();
  // Ends every client, tool and provider, as the destructor does; nothing else may be asked of the
  // world then but whether it found a breach or a livelock.
  void close() noexcept;

  const Settings& settings() const noexcept { return settings_; }
  VirtualClock& clock() noexcept { return *clock_; }
  SimHost& host() noexcept { return *host_; }
  std::shared_ptr<Host> shared_host() const noexcept { return host_; }
  mock::Server& server() noexcept { return server_; }
  Trace& trace() noexcept { return trace_; }
  Duration elapsed() const noexcept { return clock_->now() - begun_; }

  // Sends a request to an endpoint of the adapter for a client, and waits for its answer.
  http::Response ask(const std::string& client, std::string_view method, std::string_view path,
                     const std::string& body);
  // Posts likewise. The answer is kept as last_answer(), the virtual time it took as
  // last_elapsed(). A status of 400 or more is a failure.
  Finding call(const std::string& client, std::string_view path, const std::string& body);
  // Starts a flush or shutdown, which a later step may wait for under that name.
  void start_drain(const std::string& client, const std::string& name, bool is_shutdown,
                   Duration timeout);
  // A flush or shutdown that a step waited for has returned.
  void returned(const DrainCall& call);
  // How many captures were counted so far.
  std::uint64_t captures() const noexcept { return captures_; }
  // Those started that have no final report yet.
  std::vector<DrainCall> drains() const;

  // Makes a client with the init parameters given, in JSON; hooks by name (hooks.h).
  Finding init(const std::string& client, const std::string& body,
               const std::vector<std::string>& hooks);
  // Throws std::runtime_error when the client has not been initialised.
  Client& client(const std::string& name);
  bool has_client(const std::string& name) const;
  // The names of all clients that exist, in order.
  std::vector<std::string> clients() const;
  ClientLog& log(const std::string& name) { return logs_[name]; }
  // nullptr for a name that no client ever had.
  const ClientLimits* limits(const std::string& name) const;

  // The telemetry of a command-line tool; its requests carry the tool's name as a client's do.
  // Throws std::runtime_error when there is no such tool.
  telemetry::Telemetry& tool(const std::string& name);
  // A tool that begins; one of that name ends before.
  void open_tool(const std::string& name, telemetry::TelemetryOptions options);
  bool has_tool(const std::string& name) const { return tools_.contains(name); }

  // A flag provider by its name, and what evaluates with it. Both throw std::runtime_error when
  // there is no such provider.
  openfeature::Provider& provider(const std::string& name);
  const openfeature::Client& flags(const std::string& name);
  // A provider that begins; one of that name ends before.
  void open_flags(const std::string& name, std::shared_ptr<openfeature::Provider> provider,
                  FlagLimits limits);
  // What the file of a static provider says from now on: the flags that the server has for it, or
  // nothing that can be read. Tells the oracles.
  void write_flag_file(const std::string& name, std::string text, bool is_broken);
  // As it was written last. Throws std::out_of_range when it never was.
  const std::string& flag_file(const std::string& name) const;
  // nullptr where there is no such provider.
  const FlagLimits* flag_limits(const std::string& name) const;
  // An evaluation by that provider, and what came of it. Tells the oracles.
  void evaluated(const std::string& provider, const Step& step, const FlagAnswer& answer);
  // The steps that have asked that provider, each question once.
  std::vector<Step> flag_questions(const std::string& provider) const;

  // An event was captured for a lane other than the usual one. Tells the oracles.
  void meant(const Uuid& uuid, Lane lane);
  // That client has tracked an event. Tells the oracles.
  void tracked(const TrackedEvent& event);

  // From now on notes which kinds of states the engines go through, and by what.
  void watch_states() noexcept { watches_states_ = true; }
  // The steps from one kind of state to another that were seen, each once, in the order of their
  // numbers.
  std::vector<std::uint64_t> states() const;

  // The conditions among them, and during which steps.
  const Sightings& sightings() const noexcept { return sightings_; }
  // The step of that number begins, from 1.
  void begin_step(std::size_t number) noexcept { step_ = static_cast<std::uint32_t>(number); }

  // A behaviour that an oracle saw broken: the first one of this run.
  struct Breach {
    std::string_view behaviour;
    Failure failure;
  };
  const std::optional<Breach>& breach() const noexcept { return breach_; }

  // Ends all faults: the scripts of all clients, added latency, limits of the server, broken files.
  void heal();

  // What every answer takes longer from now on, beside the latency of the settings.
  void set_added_latency(Duration by) noexcept { added_latency_ = by; }

  // The last answer of call(), or what a direct call put there in the same form.
  const nlohmann::json& last_answer() const;
  void set_last_answer(const nlohmann::json& answer);
  void set_last_report(const FlushReport& report);
  // As the adapter's /flush answers it.
  static nlohmann::json to_json(const FlushReport& report);
  // And back; nothing where it is none.
  static std::optional<FlushReport> report_of(const nlohmann::json& answer);
  Duration last_elapsed() const noexcept { return last_elapsed_; }
  // Runs `body` and remembers how much virtual time it took.
  template <typename Body>
  auto timed(Body body) {
    struct Stopwatch {
      World& world;
      Instant start;
      ~Stopwatch() { world.last_elapsed_ = world.clock_->now() - start; }
    } stopwatch{*this, clock_->now()};
    return body();
  }

  // The requests of a client that reached the server, in order of arrival.
  std::vector<const Seen*> requests(const std::string& client) const;
  const std::vector<std::unique_ptr<Seen>>& all_requests() const noexcept { return seen_; }

  // What the server kept of a client's events: each once, in the order in which it first came.
  struct Store {
    std::vector<std::string> names;
    std::vector<std::string> uuids;
    std::size_t received = 0;  // copies it accepted, repeats included
  };
  Store store(const std::string& client) const;

  // The breaches of the protocol the mock noticed, each as a text.
  std::vector<std::string> violations(const std::string& client) const;
  // From now on they do not fail the scenario.
  void expect_violations() noexcept { violations_expected_ = true; }
  bool violations_expected() const noexcept { return violations_expected_; }

  // What the runner checks after the last step, each with its name.
  struct Law {
    std::string_view name;
    Finding (*holds)(World& world);
  };
  static const std::vector<Law>& laws();

 private:
  class Gate;  // between the network and the mock: writes down what goes through

  http::Reply pass(const http::Request& request, Now now);
  void count_attempt(Seen& seen);
  void record(const Seen& seen, std::uint64_t body);
  void parsed(const mock::ParsedRequest& request);
  void begin(const std::string& name);
  void mend_flag_files();
  Client& make_another(const std::string& of, Options like, std::function<void()> on_outcome);
  bool end_another(const std::string& of);
  void customise(Options& options);
  void hold_to(const Options& options);
  void observe(Options& options);
  void install_hooks(Options& options, Options plain);
  void heard(const TraceStep& step);
  void heard_capture(const TraceStep& step);
  void heard_sent(const TraceStep& step);
  void heard_end(const TraceStep& step);
  void heard_drain(const TraceStep& step);
  void note_arrival(Seen& seen, std::uint64_t body);
  void turned();
  void note_state();
  void note_condition(std::uint64_t was, std::uint64_t is);
  void note_returned();
  template <typename Telling>
  void tell(Telling telling);

  Settings settings_;
  Trace trace_;
  std::shared_ptr<VirtualClock> clock_;
  Instant begun_;
  std::shared_ptr<const Chance> chance_;
  mock::Server server_;
  std::unique_ptr<Gate> gate_;
  std::unique_ptr<Seen> passing_;  // the request that the mock is answering
  std::shared_ptr<SimHost> host_;
  std::unique_ptr<adapter::Adapter> adapter_;
  std::map<std::string, std::unique_ptr<telemetry::Telemetry>> tools_;
  // Clients that hooks made, by the name of the one that has the hook. They are none of clients(),
  // and are called as that one and "-other".
  std::map<std::string, std::unique_ptr<Client>> others_;
  struct Flags {
    std::shared_ptr<openfeature::Provider> provider;
    openfeature::Client client;
    FlagLimits limits;
    std::map<std::string, Step> asked;  // by the question, as text
  };
  std::map<std::string, Flags> flags_;
  struct FlagFile {
    std::string text;                   // the last that can be read
    mock::FlagBook book;                // what it says
    std::optional<std::string> broken;  // what stands there instead
  };
  std::map<std::string, FlagFile> flag_files_;
  std::map<std::string, ClientLog> logs_;
  std::map<std::string, ClientLimits> limits_;
  std::vector<std::pair<FlushHandle, DrainCall>> drains_;
  std::vector<std::unique_ptr<Oracle>> oracles_;
  std::optional<Breach> breach_;
  std::uint64_t captures_ = 0;
  // A request with events on its way: which of a client's it is, and as what it arrived.
  struct Flight {
    std::string client;
    std::string number;
    Lane lane = Lane::analytics;
    Instant sent{};
    std::uint64_t body = 0;  // its digest
    WallTime wall{};         // when it was sent
    const Seen* seen = nullptr;
  };
  std::vector<Flight> flights_;
  bool watches_states_ = false;
  std::map<std::uint64_t, std::uint64_t> last_states_;  // by the SDK's number for the client
  std::uint64_t heard_ = 0;            // the labels that were heard since the last turn, a bit each
  std::vector<std::uint64_t> states_;  // as they came, repeats included
  Sightings sightings_;
  std::uint32_t step_ = 0;
  std::vector<std::string> names_;
  std::vector<std::unique_ptr<Seen>> seen_;
  // How many requests carried the event with that uuid; how many, beginning with an event that has
  // none, carried events of those bytes.
  ByUuid<std::size_t> carried_;
  std::map<std::uint64_t, std::size_t> carried_bytes_;
  std::string last_body_;
  mutable std::unique_ptr<nlohmann::json> last_answer_;  // nullptr: last_body_, not read yet
  Duration last_elapsed_{0};
  Duration added_latency_{0};
  bool violations_expected_ = false;
  std::string initialising_;        // whose options customise() is about
  std::vector<std::string> hooks_;  // and with which hooks
};

template <typename Telling>
void World::tell(Telling telling) {
  for (const auto& oracle : oracles_) {
    if (breach_) return;
    if (Finding finding = telling(*oracle)) breach_ = Breach{oracle->name(), *std::move(finding)};
  }
}

}  // namespace lockstep::scenario
