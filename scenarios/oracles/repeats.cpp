// 2. At least once, and no oftener than need be: what the server took or refused for good, and said
// so to a client that heard it, is not sent again.
#include <nlohmann/json.hpp>

#include "scenarios/by_uuid.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

// Whether answers of single events may differ from the request's own. Almost none do, and to read
// one takes long.
bool needs_reading(const Seen& seen) {
  return seen.is_confidence() || seen.reply.response.body.find("\"retry\"") != std::string::npos;
}

// Whether an answer of status 200 ends the event: v1 may ask for a single one again, and what is no
// answer of Confidence's confirms nothing there.
bool ends(const json& answer, const Seen& seen, const Uuid& uuid) {
  if (seen.is_confidence()) return answer.is_object();
  if (!answer.is_object()) return true;
  const auto results = answer.find("results");
  if (results == answer.end() || !results->is_object()) return true;
  const auto result = results->find(uuid.to_string());
  return result == results->end() || !result->is_object() ||
         result->value("result", json()) != "retry";
}

// 413 speaks of the request's size, the others of the endpoint.
bool is_refusal(const Seen& seen) {
  const int status = seen.reply.response.status;
  if (status == 408) return seen.is_confidence();
  return status >= 300 && status < 500 && status != 413 && status != 429;
}

class Repeats final : public Oracle {
 public:
  std::string_view name() const noexcept override {
    return "what was answered for good is not sent again";
  }

  Finding arrived(World& world, const Seen& seen) override {
    const ClientLimits* limits = world.limits(seen.client);
    if (limits == nullptr || seen.is_flags()) return std::nullopt;
    const Duration latency = world.settings().latency;
    const Instant sent = seen.at - latency;
    for (const auto& [uuid, content] : seen.parts) {
      const auto answered = answered_.find(uuid);
      if (answered == answered_.end() || sent <= answered->second) continue;
      return Failure{"no repeat of " + uuid.to_string() + ", which was answered for good at " +
                         to_text(answered->second),
                     seen.to_text()};
    }
    const http::Response& response = seen.reply.response;
    const bool is_success = response.status >= 200 && response.status < 300;
    const Instant known = saturating_add(saturating_add(seen.at, seen.reply.delay), latency);
    // An answer at or after the request's own deadline is not heard.
    const bool is_heard = seen.reply.fault == http::Fault::none &&
                          known < saturating_add(sent, limits->request_timeout);
    if (!is_heard || (!is_success && !is_refusal(seen))) return std::nullopt;
    const bool is_read = is_success && needs_reading(seen);
    const json answer = is_read ? json::parse(response.body, nullptr, false) : json();
    for (const auto& [uuid, content] : seen.parts) {
      if (uuid.is_nil() || (is_read && !ends(answer, seen, uuid))) continue;
      answered_.emplace(uuid, known);
    }
    return std::nullopt;
  }

 private:
  ByUuid<Instant> answered_;  // when the client learnt of it
};

}  // namespace

std::unique_ptr<Oracle> make_repeats_oracle() { return std::make_unique<Repeats>(); }

}  // namespace lockstep::scenario
