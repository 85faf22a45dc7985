// What the mock server is told. Its script is the mock's own (mockserver/script.h), written in YAML
// instead of JSON, and checked by the mock's own reader while the file is loaded.
#include <nlohmann/json.hpp>

#include "mockserver/script.h"
#include "scenarios/action.h"
#include "scenarios/node_json.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

constexpr Field kResponses[] = {
    {"responses", Type::list, true, "answers, in order; once they are used up: the default"}};

constexpr Field kScript[] = {
    {"responses", Type::list, false, "the queue, used after the sequences"},
    {"default", Type::object, false, "the answer once the queue is empty"},
    {"sequences", Type::list, false, "answers by path and method"},
    {"flags", Type::object, false, "what the flag services know (mockserver/flag_book.h)"},
    {"latency_ms", Type::integer, false, "added to every answer's delay"},
    {"max_body_bytes", Type::integer, false, "a longer body gets 413"},
    {"max_batch_events", Type::integer, false, "a longer batch gets 413"},
};

mock::Script parse_script(const Node& params) { return mock::parse_script(json_of(params)); }

std::optional<Complaint> check_script(const Node& params, const Settings&) {
  try {
    parse_script(params);
    return std::nullopt;
  } catch (const mock::ScriptError& error) {
    return Complaint{place_of(params, error.path()), error.what(),
                     "a script the mock server takes"};
  }
}

Finding script_server(World& world, const Step& step) {
  world.server().script(parse_script(step.params), step.client);
  return std::nullopt;
}

constexpr Action kServerActions[] = {
    {"configure_mock_responses", "queues answers for the client's requests", kResponses,
     script_server, check_script},
    {"script_server", "queues answers, scripts paths, sets limits", kScript, script_server,
     check_script},
};

}  // namespace

std::span<const Action> server_actions() { return kServerActions; }

}  // namespace lockstep::scenario
