#include "mockserver/server.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <mutex>
#include <utility>

#include "mockserver/compose.h"
#include "mockserver/control.h"
#include "mockserver/flag_backends.h"
#include "mockserver/partition.h"
#include "mockserver/route.h"
#include "mockserver/validate.h"

namespace lockstep::mock {

namespace {

constexpr std::size_t kUnroutedKept = 100;

http::Response json_response(int status, std::string body) {
  return {status, {{"Content-Type", "application/json"}}, std::move(body)};
}

bool is_health(const http::Request& request) {
  return (request.method == "GET" || request.method == "HEAD") &&
         (request.url.path == "/" || request.url.path == "/_health");
}

http::Response unrouted_response(const RouteMatch& match) {
  switch (match.kind) {
    case RouteMatch::Kind::wrong_method: {
      auto response = json_response(
          405, error_body("method_not_allowed", "this endpoint takes " + match.detail));
      response.headers.add("Allow", match.detail);
      return response;
    }
    case RouteMatch::Kind::moved:
      return {308, {{"Location", match.detail}}, ""};
    default:
      return json_response(404, error_body("not_found", "the mock server has no such path"));
  }
}

// The limits that a test sets, which hold outside strict mode too.
std::optional<Refusal> over_limit(const ParsedRequest& request, const Partition& partition) {
  const std::size_t bytes = request.request.body.size();
  if (partition.max_body_bytes != 0 && bytes > partition.max_body_bytes) {
    return Refusal{413, "payload_too_large",
                   "the body has " + std::to_string(bytes) + " bytes, and the limit is " +
                       std::to_string(partition.max_body_bytes)};
  }
  if (partition.max_batch_events != 0 && request.event_count() > partition.max_batch_events) {
    return Refusal{413, "payload_too_large",
                   "the batch has " + std::to_string(request.event_count()) +
                       " events, and the limit is " + std::to_string(partition.max_batch_events)};
  }
  return std::nullopt;
}

JournalEntry make_entry(ParsedRequest&& parsed) {
  JournalEntry entry;
  entry.arrival = parsed.arrival;
  entry.test_id = std::move(parsed.test_id);
  entry.route = parsed.route;
  entry.method = std::move(parsed.request.method);
  entry.path = std::move(parsed.request.url.path);
  entry.query = std::move(parsed.request.url.query);
  entry.headers = std::move(parsed.request.headers);
  entry.decoded_size = parsed.body.size();
  entry.body = std::move(parsed.body);
  entry.decode_error = std::move(parsed.decode_error);
  entry.decode_note = std::move(parsed.decode_note);
  entry.encoded_size = parsed.request.body.size();
  if (parsed.events) {
    entry.event_count = parsed.events->size();
    for (IncomingEvent& event : *parsed.events) {
      entry.uuids.push_back(std::move(event.uuid));
      entry.event_names.push_back(std::move(event.name));
    }
  }
  return entry;
}

}  // namespace

struct Server::State {
  using Partitions = std::map<std::string, Partition, std::less<>>;

  explicit State(const ServerOptions& server_options) : options(server_options) {}

  const ServerOptions& options;
  mutable std::mutex mutex;  // guards all that follows
  Partitions partitions;
  std::shared_ptr<const Responder> responder;
  std::uint64_t last_number = 0;
  std::uint64_t uses = 0;
  std::vector<std::string> unrouted;
  std::uint64_t unrouted_count = 0;

  Partition& partition(std::string_view test_id);
  void reclaim_oldest(std::string_view except);
  // Whether the request is for an endpoint, or for a path that a sequence names.
  bool is_routed(const ParsedRequest& parsed, const RouteMatch& match) const;
  http::Reply refuse_unrouted(const ParsedRequest& parsed, const RouteMatch& match);
  http::Reply answer(ParsedRequest parsed, std::optional<Step> given, Judgement judgement);
  void remember(Partition& partition, const ParsedRequest& parsed, const Answer& answer,
                std::uint64_t number) const;

  // Calls visit(name, partition) for those that `whose` means.
  template <typename Visit>
  void each(const Whose& whose, Visit visit) const {
    if (whose) {
      const auto found = partitions.find(*whose);
      if (found != partitions.end()) visit(found->first, found->second);
      return;
    }
    for (const auto& [name, partition] : partitions) visit(name, partition);
  }
};

Partition& Server::State::partition(std::string_view test_id) {
  auto found = partitions.find(test_id);
  if (found == partitions.end()) {
    found = partitions.emplace(std::string(test_id), Partition(options)).first;
    if (partitions.size() > std::max<std::size_t>(options.max_partitions, 1)) {
      reclaim_oldest(test_id);
    }
  }
  found->second.last_used = ++uses;
  return found->second;
}

void Server::State::reclaim_oldest(std::string_view except) {
  auto oldest = partitions.end();
  for (auto one = partitions.begin(); one != partitions.end(); ++one) {
    if (one->first.empty() || one->first == except) continue;
    if (oldest == partitions.end() || one->second.last_used < oldest->second.last_used) {
      oldest = one;
    }
  }
  if (oldest != partitions.end()) partitions.erase(oldest);
}

bool Server::State::is_routed(const ParsedRequest& parsed, const RouteMatch& match) const {
  if (match.kind == RouteMatch::Kind::found) return true;
  const auto mine = partitions.find(parsed.test_id);
  return mine != partitions.end() && mine->second.owns_path(parsed.request.method, parsed.path);
}

http::Reply Server::State::refuse_unrouted(const ParsedRequest& parsed, const RouteMatch& match) {
  ++unrouted_count;
  if (unrouted.size() < kUnroutedKept) {
    unrouted.push_back(parsed.request.method + ' ' + parsed.request.url.path);
  }
  http::Reply reply;
  reply.response = unrouted_response(match);
  reply.delay = options.latency;
  return reply;
}

http::Reply Server::State::answer(ParsedRequest parsed, std::optional<Step> given,
                                  Judgement judgement) {
  Partition& mine = partition(parsed.test_id);
  const std::uint64_t number = ++last_number;
  mine.add_violations(judgement.violations, number, parsed.test_id, options.max_violations);
  if (auto limit = over_limit(parsed, mine)) judgement.refusal = std::move(limit);

  std::string note;
  if (!given) given = mine.next_step(parsed, note);
  if (!given) {
    given.emplace();
    given->status = 404;
    given->body = error_body("not_found", "the sequences for this path have no steps left");
  }
  answer_flags(parsed, mine.flags, *given);
  const bool processed = is_processed(*given);
  http::Reply reply;
  reply.delay = saturating_add(given->delay, mine.latency);
  reply.fault = given->fault;
  reply.fault_bytes = given->fault_bytes;
  Answer composed = compose(std::move(*given), parsed, judgement, options.suite_compatible);
  if (processed && options.keep_store) remember(mine, parsed, composed, number);
  const bool body_filled_in = composed.body_filled_in;
  reply.response = std::move(composed.response);

  if (options.max_journal_entries == 0) {
    mine.journal.leave_out();
    return reply;
  }
  JournalEntry entry = make_entry(std::move(parsed));
  entry.number = number;
  entry.status = reply.response.status;
  entry.response_headers = reply.response.headers;
  entry.response_body = reply.response.body;
  entry.body_filled_in = body_filled_in;
  entry.delay = reply.delay;
  entry.fault = reply.fault;
  entry.processed = processed;
  entry.note = std::move(note);
  mine.journal.add(std::move(entry), {options.max_journal_entries, options.max_journal_bytes,
                                      options.max_journal_body_bytes});
  return reply;
}

void Server::State::remember(Partition& partition, const ParsedRequest& parsed,
                             const Answer& answer, std::uint64_t number) const {
  for (std::size_t i = 0; i < answer.accepted.size(); ++i) {
    partition.store.receive((*parsed.events)[i].uuid, parsed.event_bytes(i));
    if (answer.accepted[i]) partition.store.accept(parsed, i, number);
  }
}

Server::Server(ServerOptions options)
    : options_(options), state_(std::make_unique<State>(options_)) {}

Server::~Server() = default;

http::Reply Server::handle(const http::Request& request, Now now) {
  if (is_control(request.url.path)) return {control(*this, request)};
  if (is_health(request)) return {json_response(200, R"({"status":"ok"})")};

  // Reading and judging are most of the work; they need no lock.
  ParsedRequest parsed =
      read_request(request, now, {options_.max_decoded_bytes, options_.suite_compatible});
  Judgement judgement = options_.strict ? judge(parsed, options_.limits) : Judgement{};
  std::shared_ptr<const Responder> responder;
  {
    const std::scoped_lock lock(state_->mutex);
    responder = state_->responder;
  }
  std::optional<Step> given = responder && *responder ? (*responder)(parsed) : std::nullopt;
  const RouteMatch match = find_route(request.method, request.url.path);

  const std::scoped_lock lock(state_->mutex);
  if (!given && !state_->is_routed(parsed, match)) return state_->refuse_unrouted(parsed, match);
  return state_->answer(std::move(parsed), std::move(given), std::move(judgement));
}

void Server::script(Script script, std::string_view test_id) {
  check(script);
  const std::scoped_lock lock(state_->mutex);
  state_->partition(test_id).apply(std::move(script));
}

void Server::enqueue(std::vector<Step> steps, std::string_view test_id) {
  Script script;
  script.responses = std::move(steps);
  check(script);
  const std::scoped_lock lock(state_->mutex);
  state_->partition(test_id).enqueue(std::move(*script.responses));
}

void Server::add_sequence(Sequence sequence, std::string_view test_id) {
  Script script;
  script.sequences.emplace().push_back(std::move(sequence));
  check(script);
  const std::scoped_lock lock(state_->mutex);
  state_->partition(test_id).add_sequence(std::move(script.sequences->front()));
}

void Server::set_responder(Responder responder) {
  auto shared = std::make_shared<const Responder>(std::move(responder));
  const std::scoped_lock lock(state_->mutex);
  state_->responder = std::move(shared);
}

void Server::clear_requests(Whose whose) {
  const std::scoped_lock lock(state_->mutex);
  for (auto& [name, partition] : state_->partitions) {
    if (!whose || *whose == name) partition.clear_requests();
  }
}

void Server::reset(Whose whose) {
  const std::scoped_lock lock(state_->mutex);
  if (!whose) {
    state_->partitions.clear();
    state_->unrouted.clear();
    state_->unrouted_count = 0;
  } else if (const auto found = state_->partitions.find(*whose);
             found != state_->partitions.end()) {
    state_->partitions.erase(found);
  }
}

std::vector<JournalEntry> Server::journal(Whose whose) const {
  std::vector<JournalEntry> entries;
  {
    const std::scoped_lock lock(state_->mutex);
    state_->each(whose, [&](const std::string&, const Partition& partition) {
      const auto& more = partition.journal.entries();
      entries.insert(entries.end(), more.begin(), more.end());
    });
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.number < b.number; });
  return entries;
}

std::size_t Server::request_count(Whose whose) const {
  std::size_t count = 0;
  const std::scoped_lock lock(state_->mutex);
  state_->each(whose, [&](const std::string&, const Partition& partition) {
    count += partition.journal.entries().size();
  });
  return count;
}

std::vector<StoredEvent> Server::stored(Whose whose) const {
  std::vector<StoredEvent> rows;
  each_stored([&](const StoredEvent& row) { rows.push_back(row); }, whose);
  return rows;
}

void Server::each_stored(const std::function<void(const StoredEvent&)>& look, Whose whose) const {
  const std::scoped_lock lock(state_->mutex);
  state_->each(whose, [&](const std::string&, const Partition& partition) {
    for (const StoredEvent& row : partition.store.rows()) look(row);
  });
}

std::size_t Server::received_count(std::string_view uuid, Whose whose) const {
  std::size_t count = 0;
  const std::scoped_lock lock(state_->mutex);
  state_->each(whose, [&](const std::string&, const Partition& partition) {
    count += partition.store.received_count(uuid);
  });
  return count;
}

FlagBook Server::flags(std::string_view test_id) const {
  const std::scoped_lock lock(state_->mutex);
  const auto mine = state_->partitions.find(test_id);
  return mine == state_->partitions.end() ? FlagBook() : mine->second.flags;
}

std::vector<Violation> Server::violations(Whose whose) const {
  std::vector<Violation> found;
  const std::scoped_lock lock(state_->mutex);
  state_->each(whose, [&](const std::string&, const Partition& partition) {
    found.insert(found.end(), partition.violations.begin(), partition.violations.end());
  });
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.request < b.request; });
  return found;
}

std::vector<PartitionSummary> Server::partitions() const {
  std::vector<PartitionSummary> summaries;
  const std::scoped_lock lock(state_->mutex);
  state_->each({}, [&](const std::string& name, const Partition& partition) {
    summaries.push_back(partition.summary(name));
  });
  return summaries;
}

std::vector<std::string> Server::unrouted() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->unrouted;
}

std::uint64_t Server::unrouted_count() const {
  const std::scoped_lock lock(state_->mutex);
  return state_->unrouted_count;
}

}  // namespace lockstep::mock
