#include "providers/remote.h"

#include <algorithm>

#include "sdk/host/host.h"
#include "sdk/options.h"
#include "sdk/protocol/common.h"

namespace lockstep::providers {

using openfeature::ErrorCode;
using openfeature::EvaluationContext;
using openfeature::FlagQuery;
using openfeature::ProviderEvent;
using openfeature::ProviderEventType;
using openfeature::ProviderStatus;
using openfeature::Resolution;
namespace reason = openfeature::reason;

namespace {

// How many requests are under way at a time.
constexpr std::size_t kWidth = 8;
// So many questions of the poller in a row without any answer end its round.
constexpr std::size_t kMostSilences = 3;
constexpr const char* kRateLimited = "rate limited: the server asked for patience";

void require(bool holds, std::string_view option, const std::string& what) {
  if (!holds) throw ConfigError(option, what);
}

RemoteOptions checked(RemoteOptions options) {
  make_endpoint(options);
  require(options.timeout > Duration{0}, "timeout", "must be positive");
  require(options.connect_timeout > Duration{0}, "connect_timeout", "must be positive");
  require(options.max_response_bytes > 0, "max_response_bytes", "must not be 0");
  require(options.max_contexts > 0, "max_contexts", "must not be 0");
  require(options.max_age >= Duration{0}, "max_age", "must not be negative");
  require(options.max_stale >= Duration{0}, "max_stale", "must not be negative");
  require(options.poll_interval >= Duration{0}, "poll_interval", "must not be negative");
  require(options.max_retry_after >= Duration{0}, "max_retry_after", "must not be negative");
  return options;
}

RequesterOptions requester_options(const RemoteOptions& options) {
  return {options.timeout, options.connect_timeout, options.max_response_bytes, options.trace,
          options.trace_name};
}

bool is_silence(const http::Result& result) {
  const auto* response = std::get_if<http::Response>(&result);
  return response == nullptr || response->status >= 500;
}

// A reason that says more about the answer's age than about the flag; an error stays one.
Resolution aged(Resolution resolution, std::string_view why) {
  if (!resolution.error_code) resolution.reason = why;
  return resolution;
}

}  // namespace

Endpoint make_endpoint(const RemoteOptions& options) {
  const auto base = http::Url::parse(options.base_url);
  require(base.has_value(), "base_url", "must be an http or https URL");
  require(base->query.empty(), "base_url", "must not have a query");
  Endpoint endpoint{*base, {}};
  endpoint.headers.push_back({"Accept", "application/json"});
  endpoint.headers.push_back({"User-Agent", protocol::library_id()});
  for (const auto& [name, value] : options.headers) endpoint.headers.push_back({name, value});
  return endpoint;
}

Endpoint make_endpoint(const RemoteOptions& options, std::string_view option,
                       std::string_view header, const std::string& credential) {
  require(!credential.empty(), option, "must not be empty");
  Endpoint endpoint = make_endpoint(options);
  endpoint.headers.push_back({std::string(header), credential});
  return endpoint;
}

// What asking came to.
struct Remote::Round {
  SnapshotPtr known;                    // of the context, afterwards
  Instant began{};                      // what is known since then is current
  std::string problem{};                // empty: everything was answered
  ErrorCode code = ErrorCode::general;  // of the problem
  std::vector<std::string> changed{};   // slots that have come out differently

  // The first one counts.
  void take_problem(const Round& other) {
    if (!problem.empty()) return;
    problem = other.problem;
    code = other.code;
  }
  bool is_of_context() const { return !problem.empty() && providers::is_of_context(code); }
  // Why the server cannot be relied on; empty: it can.
  std::string outage() const { return is_of_context() ? "" : problem; }
};

// A request about a context, and what was known of that when it was made.
struct Remote::Question {
  std::string key;
  SnapshotPtr known;
  Ask ask;
};

// The questions of a refresh, one after the other.
struct Remote::Sweep {
  std::vector<Question> questions;
  std::size_t next = 0;
  std::string problem;
  std::size_t silences = 0;  // in a row
  bool refused = false;      // 401 or 403
};

Remote::Remote(RemoteOptions options, std::unique_ptr<const Backend> backend,
               std::shared_ptr<Host> host)
    : options_(checked(std::move(options))),
      backend_(std::move(backend)),
      memory_(options_.max_contexts),
      requester_(requester_options(options_), std::move(host)) {}

Remote::~Remote() = default;

Instant Remote::now() const { return requester_.host().clock().now(); }

std::string Remote::context_key(const EvaluationContext& context) const {
  openfeature::Structure whole{{"attributes", context.attributes()}};
  whole.emplace("targeting_key", context.targeting_key());
  return to_json(whole);
}

void Remote::initialize(const EvaluationContext&) {
  emit({ProviderEventType::ready});
  schedule_poll();
}

void Remote::shutdown() {
  {
    const std::lock_guard lock(mutex_);
    polling_ = false;
    paused_until_ = {};
  }
  requester_.run_at(kNever, nullptr);
  memory_.clear();
}

// --- evaluation ----------------------------------------------------------------------------------

Resolution Remote::evaluate(std::string_view key, openfeature::FlagType type,
                            const EvaluationContext& context) {
  const FlagQuery query{std::string(key), type};
  return evaluate_batch({&query, 1}, context).front();
}

std::vector<Resolution> Remote::evaluate_batch(std::span<const FlagQuery> queries,
                                               const EvaluationContext& context) {
  if (const auto refused = backend_->refuse(context)) return {queries.size(), *refused};
  const std::string key = context_key(context);
  SnapshotPtr known = memory_.find(key);
  std::vector<std::optional<Resolution>> found;
  std::vector<FlagQuery> open;
  for (const FlagQuery& query : queries) {
    found.push_back(from_memory(known, query));
    if (!found.back()) open.push_back(query);
  }
  Round round;
  if (!open.empty()) {
    if (known == nullptr) {
      auto empty = std::make_shared<Snapshot>();
      empty->context = context;
      known = std::move(empty);
    }
    round = ask(key, std::move(known), open);
    report(round.outage());
  }
  std::vector<Resolution> answers;
  for (std::size_t i = 0; i < queries.size(); ++i) {
    answers.push_back(found[i] ? std::move(*found[i]) : resolve(round, queries[i]));
  }
  return answers;
}

std::optional<Resolution> Remote::from_memory(const SnapshotPtr& known,
                                              const FlagQuery& query) const {
  if (known == nullptr || options_.max_age == Duration{0}) return std::nullopt;
  const auto found = known->find(backend_->slot(query));
  if (!found || now() - found->at > options_.max_age) return std::nullopt;
  if (found->flag != nullptr && found->flag->failed) return std::nullopt;
  return aged(backend_->resolve(found->flag, query), reason::kCached);
}

std::vector<Remote::Question> Remote::questions_of(const std::string& key, const SnapshotPtr& known,
                                                   std::span<const FlagQuery> queries,
                                                   bool background) const {
  std::vector<Question> questions;
  for (Ask& one : backend_->encode(queries, known->context, background)) {
    if (one.whole && !known->etag.empty()) one.request.headers.set("If-None-Match", known->etag);
    questions.push_back({key, known, std::move(one)});
  }
  return questions;
}

bool Remote::send(std::span<const Question> questions, const Take& take) {
  bool is_out = false;
  while (!questions.empty() && !is_out && !paused()) {
    const auto some = questions.first(std::min(kWidth, questions.size()));
    questions = questions.subspan(some.size());
    std::vector<http::Request> requests;
    requests.reserve(some.size());
    for (const Question& one : some) requests.push_back(one.ask.request);
    const std::vector<http::Result> results = requester_.send(std::move(requests));
    is_out = std::all_of(results.begin(), results.end(), is_silence);
    for (std::size_t i = 0; i < some.size(); ++i) take(some[i], results[i]);
  }
  return questions.empty();
}

Remote::Round Remote::ask(const std::string& key, SnapshotPtr known,
                          std::span<const FlagQuery> queries) {
  Round round{.known = std::move(known), .began = now()};
  const auto questions = questions_of(key, round.known, queries, false);
  const bool all = send(questions, [&](const Question& question, const http::Result& result) {
    Round one = absorb(key, round.known, question.ask, result);
    round.known = std::move(one.known);
    round.take_problem(one);
  });
  if (!all && round.problem.empty()) round.problem = kRateLimited;
  if (round.problem.empty()) return round;
  // The poller, or another evaluation, may have been answered meanwhile.
  if (SnapshotPtr latest = memory_.find(key)) round.known = std::move(latest);
  return round;
}

Remote::Round Remote::absorb(const std::string& key, const SnapshotPtr& known, const Ask& asked,
                             const http::Result& result) {
  if (const auto* response = std::get_if<http::Response>(&result)) {
    return take(key, known, asked, *response);
  }
  const auto& error = std::get<http::TransportError>(result);
  return {.known = known, .problem = std::string(to_string(error.kind)) + ": " + error.detail};
}

Remote::Round Remote::take(const std::string& key, const SnapshotPtr& known, const Ask& asked,
                           const http::Response& response) {
  const int status = response.status;
  // Another evaluation of the same context may have been answered meanwhile.
  SnapshotPtr latest = memory_.find(key);
  if (latest == nullptr) latest = known;
  if (status == 304 && asked.request.headers.has("If-None-Match")) {
    SnapshotPtr after = latest->etag == known->etag ? confirmed(*known, now()) : latest;
    memory_.put(key, after);
    return {.known = std::move(after)};
  }
  if (status == 429) {
    const auto wait = protocol::retry_after(response.headers, requester_.host().clock().wall_now());
    const std::lock_guard lock(mutex_);
    const Duration pause = std::min(wait.value_or(Duration{0}), options_.max_retry_after);
    paused_until_ = std::max(paused_until_, saturating_add(now(), pause));
  }
  if (status == 304 || status == 401 || status == 403 || status == 429) {
    return {.known = known, .problem = "status " + std::to_string(status)};
  }
  Reading reading = backend_->read(asked, response);
  if (!reading.problem.empty()) {
    return {.known = known, .problem = std::move(reading.problem), .code = reading.code};
  }
  SnapshotPtr after =
      with_answer(*latest, asked, std::move(reading),
                  std::string(response.headers.get("ETag").value_or("")), *backend_, now());
  memory_.put(key, after);
  std::vector<std::string> changed = differences(*latest, *after);
  return {.known = std::move(after), .changed = std::move(changed)};
}

Resolution Remote::resolve(const Round& round, const FlagQuery& query) const {
  if (round.is_of_context()) return Resolution::failure(round.code, round.problem);
  const auto found = round.known->find(backend_->slot(query));
  if (found && found->at >= round.began) return backend_->resolve(found->flag, query);
  if (found && now() - found->at <= options_.max_stale) {
    return aged(backend_->resolve(found->flag, query), reason::kStale);
  }
  return Resolution::failure(round.code,
                             round.problem.empty() ? "no answer about the flag" : round.problem);
}

bool Remote::paused() const {
  const std::lock_guard lock(mutex_);
  return now() < paused_until_;
}

void Remote::report(const std::string& problem) {
  ProviderEvent event;
  ProviderStatus wanted = ProviderStatus::ready;
  if (!problem.empty()) {
    const bool remembers = memory_.size() > 0;
    wanted = remembers ? ProviderStatus::stale : ProviderStatus::error;
    event.type = remembers ? ProviderEventType::stale : ProviderEventType::error;
    if (!remembers) event.error_code = ErrorCode::general;
    event.message = problem;
  }
  const ProviderStatus status = this->status();
  if (status != ProviderStatus::not_ready && status != wanted) emit(std::move(event));
}

// --- refresh and poll ----------------------------------------------------------------------------

std::shared_ptr<Remote::Sweep> Remote::begin_sweep() const {
  auto sweep = std::make_shared<Sweep>();
  for (const auto& [key, known] : memory_.all()) {
    std::vector<FlagQuery> queries;
    for (const auto& [slot, query] : known->asked) queries.push_back(query);
    for (Question& one : questions_of(key, known, queries, true)) {
      sweep->questions.push_back(std::move(one));
    }
  }
  return sweep;
}

bool Remote::refresh() {
  const auto sweep = begin_sweep();
  const bool all =
      send(sweep->questions, [&](const Question& question, const http::Result& result) {
        hear(*sweep, question, result);
      });
  if (!all && sweep->problem.empty()) sweep->problem = kRateLimited;
  report(sweep->problem);
  if (sweep->problem.empty()) schedule_poll();
  return sweep->problem.empty();
}

void Remote::hear(Sweep& sweep, const Question& question, const http::Result& result) {
  const Round round = absorb(question.key, question.known, question.ask, result);
  if (sweep.problem.empty()) sweep.problem = round.outage();
  report_changes(round.changed);
}

void Remote::report_changes(const std::vector<std::string>& slots) {
  if (slots.empty()) return;
  ProviderEvent event;
  event.type = ProviderEventType::configuration_changed;
  event.flags_changed = slots;
  emit(std::move(event));
}

void Remote::schedule_poll() {
  if (options_.poll_interval == Duration{0}) return;
  {
    const std::lock_guard lock(mutex_);
    polling_ = true;
  }
  requester_.run_at(saturating_add(now(), options_.poll_interval), [this] { poll(begin_sweep()); });
}

// One question at a time, on the host's thread, which must not wait. Whoever hears of an event may
// let go of the provider, and be the last who held it: after each there may be none any more.
void Remote::poll(const std::shared_ptr<Sweep>& sweep) {
  {
    const std::lock_guard lock(mutex_);
    if (!polling_) return;
  }
  const bool is_over = sweep->next == sweep->questions.size() || sweep->refused ||
                       sweep->silences == kMostSilences || paused();
  const std::weak_ptr<const void> life = life_;
  if (is_over) {
    if (sweep->next > 0) report(sweep->problem);
    if (!life.expired() && !sweep->refused) schedule_poll();
    return;
  }
  http::Request request = sweep->questions[sweep->next].ask.request;
  requester_.start(std::move(request), [this, sweep, life](http::Result result) {
    const auto* response = std::get_if<http::Response>(&result);
    sweep->refused = response != nullptr && (response->status == 401 || response->status == 403);
    sweep->silences = is_silence(result) ? sweep->silences + 1 : 0;
    hear(*sweep, sweep->questions[sweep->next++], result);
    if (!life.expired()) poll(sweep);
  });
}

}  // namespace lockstep::providers
