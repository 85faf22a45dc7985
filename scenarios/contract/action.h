// The contract's actions: names, parameters and meaning of the original runner, its quirks included
// (posthog-sdk-test-harness 1.0.0), so that a verdict here is a verdict there.
//
// The scenarios' own vocabulary (scenarios/action.h) has most of these names too, with stricter
// assertions; a contract file is never read with it.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "mockserver/journal.h"
#include "scenarios/action.h"
#include "scenarios/contract/contract.h"
#include "scenarios/contract/stage.h"
#include "scenarios/schema.h"

namespace lockstep::contract {

using scenario::Failure;
using scenario::Field;
using scenario::Finding;

// A request as the original's mock server records it.
struct Recorded {
  mock::JournalEntry entry;
  // The decoded body as JSON; nullptr where it is empty, cannot be decoded, is not JSON or is
  // longer than the journal keeps.
  std::shared_ptr<const nlohmann::json> body;
  // The events in it, an array, in whichever of the forms it has (an array, under "batch" or
  // "data", one event); nullptr where there is no body, or none of these.
  std::shared_ptr<const nlohmann::json> events;
  // The body that the test or capture v1 gave the answer, as JSON; nullptr likewise, and where the
  // mock filled one in.
  std::shared_ptr<const nlohmann::json> answer;
};

// A test as it runs.
class Context {
 public:
  explicit Context(Stage& stage);
  ~Context();

  Stage& stage() noexcept { return stage_; }

  // What the mock has recorded for this test so far, in order of arrival.
  const std::vector<Recorded>& requests();

  // Calls the adapter. A failure where it does not answer, answers with a status of 400 or more, or
  // with something that is not JSON; then answer() stays as it was.
  Finding call(std::string_view method, std::string_view path,
               const std::optional<std::string>& body = std::nullopt);
  // The answer of the last call.
  const nlohmann::json& answer() const noexcept { return *answer_; }

  // What assert_action_result looks at: the answer of the last capture_ai or get_feature_flag.
  void keep_answer_as_result();
  void forget_result();
  const nlohmann::json& result() const noexcept { return *result_; }

 private:
  Stage& stage_;
  std::vector<Recorded> requests_;
  std::unique_ptr<nlohmann::json> answer_;
  std::unique_ptr<nlohmann::json> result_;
};

enum class Kind : unsigned char {
  deed,      // does something: a call of the adapter, a script for the mock, time that passes
  check,     // looks at what has happened; more requests later may change what it finds
  negative,  // a check that something did not happen: must hold however long one waits
};

struct Action {
  std::string_view name;
  Kind kind = Kind::check;
  std::string_view help;
  std::span<const Field> fields;
  Finding (*run)(Context& context, const Step& step);
  // Looks at parameters that passed the check of their types.
  std::optional<scenario::Complaint> (*check)(const scenario::Node& params) = nullptr;
};

// The tables, by theme. All 73 of the original are in them.
std::span<const Action> deeds();            // what is done to the adapter, the mock, the time
std::span<const Action> request_checks();   // counts, paths, headers, bodies
std::span<const Action> event_checks();     // the events in them
std::span<const Action> retry_checks();     // several requests together
std::span<const Action> response_checks();  // what the mock answered
std::span<const Action> flag_checks();      // requests to /flags, results of calls

std::vector<const Action*> all_actions();
// nullptr when there is no such action.
const Action* find_action(std::string_view name);

}  // namespace lockstep::contract
