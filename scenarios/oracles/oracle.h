// What must hold in every run, whatever the run is about: ten behaviours, an oracle for each, in a
// file of its own.
//
// The world tells every oracle what happens, as it happens; an oracle that sees its behaviour
// broken says so at once, with the event, the request and the instant. To add one: a class in a
// file here, its maker in oracles.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "scenarios/action.h"
#include "scenarios/seen.h"
#include "sdk/report.h"

namespace lockstep::mock {
class FlagBook;
}

namespace lockstep::scenario {

class World;

// A capture that the engine counted.
struct CapturedEvent {
  std::uint64_t order = 0;  // among all captures of the run
  std::string client;       // the scenario's name for it
  Uuid uuid;
  Lane lane = Lane::analytics;
  bool accepted = false;  // or dropped at once
  Instant at{};
};

// An event's end, as the SDK told its observer.
struct EndedEvent {
  const std::string& client;  // the scenario's name for it
  const Outcome& outcome;
  Instant at{};
};

// A request with events that a client has sent, as the client says.
struct SentRequest {
  std::string client;  // the scenario's name for it
  std::string number;  // among the client's
  Lane lane = Lane::analytics;
  Instant at{};
};

// What the server said of one event, as far as the client has heard it.
enum class Word : std::uint8_t {
  nothing,     // there was no answer, or none that came whole and in time
  accepted,    // it has it
  unnamed,     // it took the request, and says nothing of this event, which others are named in
  over_quota,  // it took the request, and keeps nothing of it
  again,       // later
  refused,     // never
  too_large,   // this request is
};

// A request's end: it was answered, it failed, or the client gave it up.
struct EndedRequest {
  std::string client;
  std::string number;
  Lane lane = Lane::analytics;
  Instant sent{};
  Instant at{};
  bool was_cancelled = false;
  int status = 0;                 // as the client understood it; 0: no answer
  std::optional<Duration> pause;  // for which the answer asks, as the client understood it
  const Seen* seen = nullptr;     // as it reached the server; nullptr: it never did
  std::vector<Word> words;        // of its events, in their order; those of `seen`
};

// A flush or a shutdown whose report is not final yet, or has just become so.
struct DrainCall {
  std::string client;
  bool is_shutdown = false;
  Instant started{};
  Instant deadline{};
  std::uint64_t upto = 0;  // the last capture of the run that came before it
  std::optional<FlushReport> report{};
};

// What a client's on_error was told.
struct ToldError {
  const std::string& client;
  const ErrorReport& error;
  Instant at{};
};

// A client's answer to a question for a flag.
struct AskedFlag {
  const std::string& client;
  const std::string& question;  // both as JSON in the words of the adapter's /get_feature_flag
  const std::string& answer;
};

// An event that was tracked as OpenFeature has it.
struct TrackedEvent {
  Uuid uuid;
  const nlohmann::json& members;  // of its payload, some of them; null: that there is none
};

// What a flag provider's evaluation came to.
struct FlagAnswer {
  const std::string& provider;
  const std::string& key;
  const std::string& subject;  // the targeting key; empty: nobody
  const std::string& context;  // the whole of it, as text
  const nlohmann::json& fallback;
  const nlohmann::json& told;  // {"value", "reason"}, and "error_code" where there is one
  std::string_view status;     // the provider's, afterwards
  Instant began{};
  Instant ended{};
  std::size_t requests_before = 0;  // of the whole scenario
};

class Oracle {
 public:
  virtual ~Oracle() = default;
  // The behaviour, as a sentence that is true where it holds.
  virtual std::string_view name() const noexcept = 0;

  virtual Finding captured(World&, const CapturedEvent&) { return std::nullopt; }
  virtual Finding sent(World&, const SentRequest&) { return std::nullopt; }
  virtual Finding request_ended(World&, const EndedRequest&) { return std::nullopt; }
  // A request reached the server, with what the server is going to answer.
  virtual Finding arrived(World&, const Seen&) { return std::nullopt; }
  virtual Finding ended(World&, const EndedEvent&) { return std::nullopt; }
  // An application captured it for a lane that is not the usual one, and the client counted it.
  virtual Finding meant(World&, const Uuid&, Lane) { return std::nullopt; }
  // A client told its application of something.
  virtual Finding told(World&, const ToldError&) { return std::nullopt; }
  // A capture was refused, and not counted.
  virtual Finding refused(World&, const std::string& client, std::string_view admission) {
    (void)client;
    (void)admission;
    return std::nullopt;
  }
  // A client wrote that to its log.
  virtual Finding said(World&, const std::string& client, std::string_view text) {
    (void)client;
    (void)text;
    return std::nullopt;
  }
  // A flush or shutdown was called, by whomever.
  virtual Finding draining(World&, const DrainCall&) { return std::nullopt; }
  // shutdown() was called.
  virtual Finding closing(World&, const std::string& client) {
    (void)client;
    return std::nullopt;
  }
  // A client, or a flag provider, was made under that name.
  virtual Finding opened(World&, const std::string& client) {
    (void)client;
    return std::nullopt;
  }
  // A flush or shutdown returned.
  virtual Finding returned(World&, const DrainCall&) { return std::nullopt; }
  // An event was tracked, and taken.
  virtual Finding tracked(World&, const TrackedEvent&) { return std::nullopt; }
  // A client is asked for a flag; it has answered, or given up.
  virtual Finding asking(World&, const std::string& client) {
    (void)client;
    return std::nullopt;
  }
  virtual Finding asked(World&, const AskedFlag&) { return std::nullopt; }
  // The file of a static provider has another content: these flags, or nothing that can be read.
  // The provider does not know before it reads it.
  virtual Finding written(World&, const std::string& provider, const mock::FlagBook& flags,
                          bool is_broken) {
    (void)provider;
    (void)flags;
    (void)is_broken;
    return std::nullopt;
  }
  // A flag provider has answered an application.
  virtual Finding evaluated(World&, const FlagAnswer&) { return std::nullopt; }
  // Everything that is due at this instant has been done.
  virtual Finding turned(World&) { return std::nullopt; }
};

// A new one of each.
std::vector<std::unique_ptr<Oracle>> make_oracles();

// Not among them: one that is wrong.
std::unique_ptr<Oracle> make_canary_oracle();

std::unique_ptr<Oracle> make_conservation_oracle();
std::unique_ptr<Oracle> make_envelope_oracle();
std::unique_ptr<Oracle> make_wire_oracle();
std::unique_ptr<Oracle> make_secrets_oracle();
std::unique_ptr<Oracle> make_repeats_oracle();
std::unique_ptr<Oracle> make_sequence_oracle();
std::unique_ptr<Oracle> make_patience_oracle();
std::unique_ptr<Oracle> make_reasons_oracle();
std::unique_ptr<Oracle> make_reports_oracle();
std::unique_ptr<Oracle> make_promptness_oracle();
std::unique_ptr<Oracle> make_attempts_oracle();
std::unique_ptr<Oracle> make_order_oracle();
std::unique_ptr<Oracle> make_bounds_oracle();
std::unique_ptr<Oracle> make_deadlines_oracle();
std::unique_ptr<Oracle> make_closed_oracle();
std::unique_ptr<Oracle> make_flags_oracle();
std::unique_ptr<Oracle> make_questions_oracle();
std::unique_ptr<Oracle> make_flag_calls_oracle();
std::unique_ptr<Oracle> make_tracking_oracle();
std::unique_ptr<Oracle> make_tool_oracle();
std::unique_ptr<Oracle> make_warnings_oracle();
std::unique_ptr<Oracle> make_hooks_oracle();

}  // namespace lockstep::scenario
