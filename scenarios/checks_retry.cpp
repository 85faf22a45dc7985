// Assertions about several requests together: which came again, when, with what in them.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "scenarios/look.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

constexpr Field kRetryDelay[] = {{"min_delay_ms", Type::integer, true, "milliseconds"}};
constexpr Field kBackoff[] = {{"min_first_delay_ms", Type::integer, true, "milliseconds"}};
constexpr Field kSuccess[] = {{"success_statuses", Type::list}};

constexpr Field kRequest[] = {
    {"at", Type::duration, false, "of arrival, since the scenario's start"},
    {"within", Type::duration, false, "how far from `at` it may be; default: not at all"},
    {"path", Type::text},
    {"attempt", Type::integer, false, "how many requests so far carried its first event"},
    {"status", Type::integer, false, "that the server answered"},
    {"events", Type::integer, false, "how many"},
    {"headers", Type::object, false, "values by name"},
};
constexpr Field kRequests[] = {
    {"requests", Type::list, true, "what is expected of each request, in order", kRequest},
    {"path", Type::text, false, "looks at requests to this path only"},
};
constexpr Field kGap[] = {
    {"from", Type::signed_integer, true, "index of the earlier request, from the end if negative"},
    {"to", Type::signed_integer, true, "index of the later request"},
    {"at_least", Type::duration},
    {"at_most", Type::duration},
};
constexpr Field kSame[] = {
    {"from", Type::signed_integer, false, "index of a request; default: 0"},
    {"to", Type::signed_integer, false, "index of another; default: 1"},
};
constexpr Field kAt[] = {
    {"index", Type::signed_integer, true, "which request, from the end if negative"},
    {"at", Type::duration, true, "of arrival, since the scenario's start"},
    {"within", Type::duration, false, "how far from `at` it may be; default: not at all"},
};
constexpr Field kStatus[] = {{"status", Type::integer, true, "an HTTP status"}};
constexpr Field kRetryWithin[] = {
    {"at_most", Type::duration, true, "from a request to the next attempt at its first event"}};
constexpr Field kSpread[] = {
    {"at_least", Type::duration, true, "between the shortest and the longest gap of requests"}};
constexpr Field kApart[] = {
    {"from", Type::text, true, "another client"},
    {"index", Type::signed_integer, true, "which request of each"},
    {"at_least", Type::duration, true, "how far apart they arrive, in either order"},
};
constexpr Field kSilent[] = {{"for", Type::duration, true, "how long"}};
constexpr Field kCadence[] = {
    {"at_least", Type::duration, false, "between any two requests"},
    {"at_most", Type::duration},
};

Finding needs(const Requests& requests, std::size_t count) {
  return unless(requests.size() >= count, "at least " + counted(count, "request"),
                counted(requests.size(), "request"));
}

Duration gap(const Seen& first, const Seen& second) { return second.at - first.at; }

// The suite compares the first two requests; here each event of a repeated request must have been
// in an earlier one, unchanged in `field`.
Finding preserved(World& world, const Step& step, const char* field) {
  const Requests requests = capture_requests(world, step);
  if (auto failure = needs(requests, 2)) return failure;
  std::map<std::string, json> first;
  for (const json& event : requests.front()->events()) {
    first[member(event, "uuid").dump()] = member(event, field);
  }
  std::size_t again = 0;
  for (const json& event : requests[1]->events()) {
    const auto known = first.find(member(event, "uuid").dump());
    if (known == first.end()) {
      return Failure{"only events of the first request in the second", event.dump()};
    }
    if (known->second != member(event, field)) {
      return Failure{std::string(field) + " to stay " + known->second.dump(),
                     member(event, field).dump()};
    }
    ++again;
  }
  return unless(again > 0, "events in the second request", "none");
}

Finding uuid_preserved(World& world, const Step& step) { return preserved(world, step, "uuid"); }

Finding timestamp_preserved(World& world, const Step& step) {
  return preserved(world, step, "timestamp");
}

Finding retry_delay(World& world, const Step& step) {
  const Requests requests = capture_requests(world, step);
  if (auto failure = needs(requests, 2)) return failure;
  const Duration least = Params(step.params).milliseconds("min_delay_ms");
  const Duration seen = gap(*requests[0], *requests[1]);
  return unless(seen >= least, "a delay of at least " + to_text(least), to_text(seen));
}

Finding backoff_implemented(World& world, const Step& step) {
  const Requests requests = capture_requests(world, step);
  if (auto failure = needs(requests, 2)) return failure;
  const Duration least = Params(step.params).milliseconds("min_first_delay_ms");
  const Duration first = gap(*requests[0], *requests[1]);
  return unless(first >= least, "a first delay of at least " + to_text(least), to_text(first));
}

Finding final_success(World& world, const Step& step) {
  std::set<std::int64_t> statuses{200};
  if (const Node* list = step.params.find("success_statuses")) {
    statuses.clear();
    for (const Node& item : list->items()) statuses.insert(item.integer());
  }
  for (const Seen* seen : capture_requests(world, step)) {
    if (statuses.contains(seen->reply.response.status)) return std::nullopt;
  }
  return Failure{"a request that succeeded", "none"};
}

Finding did_not_retry(World& world, const Step& step) {
  const auto count = capture_requests(world, step).size();
  return unless(count == 1, "exactly 1 request", counted(count, "request"));
}

Finding attempt_header_increments(World& world, const Step& step) {
  const Requests requests = capture_requests(world, step);
  if (auto failure = needs(requests, 2)) return failure;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const auto value = requests[i]->request.headers.get("PostHog-Attempt");
    if (value != std::to_string(i + 1)) {
      return Failure{
          "PostHog-Attempt: " + std::to_string(i + 1) + " on request " + std::to_string(i + 1),
          header_text(*requests[i], "PostHog-Attempt")};
    }
  }
  return std::nullopt;
}

Finding request_id_preserved(World& world, const Step& step) {
  const Requests requests = capture_requests(world, step);
  if (auto failure = needs(requests, 2)) return failure;
  const std::string first = header_text(*requests.front(), "PostHog-Request-Id");
  for (const Seen* seen : requests) {
    const std::string here = header_text(*seen, "PostHog-Request-Id");
    if (here != first) return Failure{first + " on every attempt", here};
  }
  return std::nullopt;
}

Finding request_timestamp_changes(World& world, const Step& step) {
  const Requests requests = capture_requests(world, step);
  if (auto failure = needs(requests, 2)) return failure;
  std::set<std::string> seen_before;
  for (const Seen* seen : requests) {
    const std::string here = header_text(*seen, "PostHog-Request-Timestamp");
    if (!seen_before.insert(here).second) return Failure{"another time on each attempt", here};
  }
  return std::nullopt;
}

Finding different_request_ids(World& world, const Step& step) {
  const Requests requests = capture_requests(world, step);
  if (auto failure = needs(requests, 2)) return failure;
  const std::string first = header_text(*requests[0], "PostHog-Request-Id");
  return unless(first != header_text(*requests[1], "PostHog-Request-Id"),
                "another PostHog-Request-Id on the second request", first);
}

// The second request holds exactly the events that the first answer said to retry, in their order.
Finding partial_batch_retry_pruning(World& world, const Step& step) {
  const Requests requests = capture_requests(world, step);
  if (auto failure = needs(requests, 2)) return failure;
  const json answer = json::parse(requests[0]->reply.response.body, nullptr, false);
  const json results = member(answer, "results");
  if (!results.is_object())
    return Failure{"an answer per event to the first request", answer.dump()};
  json expected = json::array();
  for (const std::string& uuid : uuids_of(*requests[0])) {
    if (results.contains(uuid) && member(results[uuid], "result") == "retry")
      expected.push_back(uuid);
  }
  const json seen = uuids_of(*requests[1]);
  return unless(seen == expected, "exactly the events to retry: " + expected.dump(), seen.dump());
}

// --- ours ---------------------------------------------------------------------------------------

Finding one_request(const Seen& seen, const Node& expectation) {
  const Params params(expectation);
  if (params.has("at")) {
    const Duration at = params.duration("at");
    const Duration within = params.duration("within", Duration{0});
    const Duration off = seen.at.time_since_epoch() - at;
    if (off > within || off < -within) {
      return Failure{
          "at " + to_text(at) + (within > Duration{0} ? " give or take " + to_text(within) : ""),
          "at " + to_text(seen.at.time_since_epoch())};
    }
  }
  if (params.has("path") && seen.request.url.path != params.text("path")) {
    return Failure{"to " + params.text("path"), seen.request.url.path};
  }
  const auto differs = [&](std::string_view name, std::size_t value) -> Finding {
    if (!params.has(name) || params.integer(name) == static_cast<std::int64_t>(value)) return {};
    return Failure{std::string(name) + " " + std::to_string(params.integer(name)),
                   std::string(name) + " " + std::to_string(value)};
  };
  if (auto failure = differs("attempt", seen.attempt)) return failure;
  if (auto failure = differs("status", static_cast<std::size_t>(seen.reply.response.status))) {
    return failure;
  }
  if (auto failure = differs("events", seen.events().size())) return failure;
  if (!params.has("headers")) return std::nullopt;
  for (const Node::Entry& header : params.node("headers").entries()) {
    if (seen.request.headers.get(header.key) != header.value.text()) {
      return Failure{header.key + ": " + header.value.text(), header_text(seen, header.key)};
    }
  }
  return std::nullopt;
}

Finding requests(World& world, const Step& step) {
  const Params params(step.params);
  Requests seen = world.requests(step.client);
  if (params.has("path")) {
    std::erase_if(seen,
                  [&](const Seen* one) { return one->request.url.path != params.text("path"); });
  }
  const auto& expected = params.node("requests").items();
  for (std::size_t i = 0; i < std::min(seen.size(), expected.size()); ++i) {
    if (auto failure = one_request(*seen[i], expected[i])) {
      failure->expected = "request " + std::to_string(i + 1) + " " + failure->expected;
      return failure;
    }
  }
  return unless(seen.size() == expected.size(), counted(expected.size(), "request"),
                counted(seen.size(), "request"));
}

Finding gap_between(World& world, const Step& step) {
  const Params params(step.params);
  const Requests all = world.requests(step.client);
  const Seen* from = request_at(all, params.integer("from"));
  const Seen* to = request_at(all, params.integer("to"));
  if (from == nullptr || to == nullptr)
    return Failure{"both requests", counted(all.size(), "request")};
  const Duration seen = gap(*from, *to);
  if (params.has("at_least") && seen < params.duration("at_least")) {
    return Failure{"at least " + to_text(params.duration("at_least")) + " in between",
                   to_text(seen)};
  }
  if (params.has("at_most") && seen > params.duration("at_most")) {
    return Failure{"at most " + to_text(params.duration("at_most")) + " in between", to_text(seen)};
  }
  return std::nullopt;
}

Finding cadence(World& world, const Step& step) {
  const Params params(step.params);
  const Requests all = world.requests(step.client);
  if (auto failure = needs(all, 2)) return failure;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const Duration seen = gap(*all[i - 1], *all[i]);
    const bool early = params.has("at_least") && seen < params.duration("at_least");
    const bool late = params.has("at_most") && seen > params.duration("at_most");
    if (early || late) {
      return Failure{(early ? "at least " + to_text(params.duration("at_least"))
                            : "at most " + to_text(params.duration("at_most"))) +
                         " between any two requests",
                     to_text(seen) + " before " + all[i]->to_text()};
    }
  }
  return std::nullopt;
}

Finding request_at_time(World& world, const Step& step) {
  const Seen* seen = request_at(world.requests(step.client), Params(step.params).integer("index"));
  if (seen == nullptr) return Failure{"such a request", "none"};
  return one_request(*seen, step.params);
}

// Each repeated request came soon enough after the one before it that carried its first event.
Finding retry_within(World& world, const Step& step) {
  const Duration most = Params(step.params).duration("at_most");
  std::map<std::string, Instant> last;
  std::size_t retries = 0;
  for (const Seen* seen : capture_requests(world, step)) {
    const auto uuids = uuids_of(*seen);
    for (const std::string& uuid : uuids) {
      const auto before = last.find(uuid);
      if (before != last.end()) {
        ++retries;
        const Duration took = seen->at - before->second;
        if (took > most) return Failure{"a retry within " + to_text(most), to_text(took)};
      }
      last[uuid] = seen->at;
    }
  }
  return unless(retries > 0, "a retry", "none");
}

Finding no_status(World& world, const Step& step) {
  for (const Seen* seen : world.requests(step.client)) {
    if (seen->reply.response.status != Params(step.params).integer("status")) continue;
    return Failure{"no answer with status " + std::to_string(seen->reply.response.status),
                   seen->to_text()};
  }
  return std::nullopt;
}

Finding spread(World& world, const Step& step) {
  const Requests all = world.requests(step.client);
  if (auto failure = needs(all, 3)) return failure;
  Duration shortest = Duration::max();
  Duration longest{0};
  for (std::size_t i = 1; i < all.size(); ++i) {
    shortest = std::min(shortest, gap(*all[i - 1], *all[i]));
    longest = std::max(longest, gap(*all[i - 1], *all[i]));
  }
  const Duration least = Params(step.params).duration("at_least");
  return unless(longest - shortest >= least, "gaps that differ by at least " + to_text(least),
                "from " + to_text(shortest) + " to " + to_text(longest));
}

Finding requests_apart(World& world, const Step& step) {
  const Params params(step.params);
  const Seen* left = request_at(world.requests(step.client), params.integer("index"));
  const Seen* right = request_at(world.requests(params.text("from")), params.integer("index"));
  if (left == nullptr || right == nullptr) return Failure{"such a request of both clients", "none"};
  const Duration apart = std::max(gap(*left, *right), gap(*right, *left));
  return unless(apart >= params.duration("at_least"),
                "at least " + to_text(params.duration("at_least")) + " apart", to_text(apart));
}

// The events, text by text: the order of members and the spelling of numbers included.
std::string_view event_bytes(const Seen& seen) {
  const std::string_view text = seen.decoded;
  return text.substr(std::min(text.find("\"batch\":"), text.size()));
}

Finding same_bytes(World& world, const Step& step) {
  const Params params(step.params);
  const Requests all = capture_requests(world, step);
  const Seen* from = request_at(all, params.integer("from", 0));
  const Seen* to = request_at(all, params.integer("to", 1));
  if (from == nullptr || to == nullptr)
    return Failure{"both requests", counted(all.size(), "request")};
  const std::string_view first = event_bytes(*from);
  const std::string_view second = event_bytes(*to);
  const auto parted = std::mismatch(first.begin(), first.end(), second.begin(), second.end());
  const auto at = static_cast<std::size_t>(parted.first - first.begin());
  return unless(
      first == second, "the same bytes of events",
      "another byte at " + std::to_string(at) + ": " + std::string(second.substr(at, 40)));
}

Finding silent(World& world, const Step& step) {
  const std::size_t before = world.all_requests().size();
  world.host().run_for(Params(step.params).duration("for"));
  const auto& all = world.all_requests();
  return unless(all.size() == before,
                "no request within " + to_text(Params(step.params).duration("for")),
                all.size() == before ? "" : all[before]->to_text());
}

Finding no_timer_pending(World& world, const Step&) {
  const Instant next = world.host().next_instant();
  return unless(next == kNever, "nothing left to do", "something due at " + to_text(next));
}

constexpr Action kRetryChecks[] = {
    {"assert_uuid_preserved_on_retry", "from the first request to the second", {}, uuid_preserved},
    {"assert_timestamp_preserved_on_retry",
     "from the first request to the second",
     {},
     timestamp_preserved},
    {"assert_retry_delay", "between the first two requests", kRetryDelay, retry_delay},
    {"assert_backoff_implemented", "of the first delay, as the contract has it", kBackoff,
     backoff_implemented},
    {"assert_final_success", "some request succeeded", kSuccess, final_success},
    {"assert_sdk_did_not_retry", "exactly one capture request", {}, did_not_retry},
    {"assert_attempt_header_increments",
     "over all capture requests",
     {},
     attempt_header_increments},
    {"assert_request_id_preserved_on_retry", "over all capture requests", {}, request_id_preserved},
    {"assert_request_timestamp_changes_on_retry",
     "over all capture requests",
     {},
     request_timestamp_changes},
    {"assert_different_request_ids", "of the first two requests", {}, different_request_ids},
    {"assert_partial_batch_retry_pruning",
     "the second request holds what the first must retry",
     {},
     partial_batch_retry_pruning},
    {"assert_requests", "exactly these requests", kRequests, requests},
    {"assert_request_at", "when a request arrived", kAt, request_at_time},
    {"assert_retry_within", "no retry comes late", kRetryWithin, retry_within},
    {"assert_no_status", "no request was answered so", kStatus, no_status},
    {"assert_requests_apart", "two clients' requests do not coincide", kApart, requests_apart},
    {"assert_spread", "the gaps between requests differ", kSpread, spread},
    {"assert_gap", "the time between two requests", kGap, gap_between},
    {"assert_cadence", "the time between any two consecutive requests", kCadence, cadence},
    {"assert_same_bytes", "two requests carry the same events, byte for byte", kSame, same_bytes},
    {"assert_silent", "lets time pass, in which no client sends anything", kSilent, silent},
    {"assert_no_timer_pending", "nothing is due, ever", {}, no_timer_pending},
};

}  // namespace

std::span<const Action> retry_checks() { return kRetryChecks; }

}  // namespace lockstep::scenario
