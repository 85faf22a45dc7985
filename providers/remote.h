// A provider whose flags are evaluated by a server, over any of the backends.
//
// An evaluation asks the server, waits for the answer, and remembers it for that very context. What
// is remembered serves three purposes: it answers at once while it is younger than max_age
// (CACHED); its ETag spares the server an answer that has not changed, for the same context and no
// other; and while the server does not answer it stands in for up to max_stale (STALE). A 429 is
// honoured: before its Retry-After nothing is asked.
//
// The status is READY as long as the server answers, STALE when it does not and something is
// remembered, else ERROR. It has no thread: requests and the poller are the host's.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "openfeature/provider.h"
#include "providers/backend.h"
#include "providers/memory.h"
#include "sdk/host/requester.h"

namespace lockstep {
class Host;
}  // namespace lockstep

namespace lockstep::providers {

// What all backends over HTTP can be told.
struct RemoteOptions {
  std::string base_url{};  // required; a path is kept as a prefix
  std::vector<std::pair<std::string, std::string>> headers{};  // added to every request
  Duration timeout = std::chrono::seconds{10};  // of a request, whole answer included
  Duration connect_timeout = std::chrono::seconds{5};
  std::size_t max_response_bytes = 4 << 20;
  // An answer no older than this is used again without asking; 0: every evaluation asks.
  Duration max_age{0};
  // While the server does not answer, what it said before is used for so long.
  Duration max_stale = std::chrono::hours{1};
  // How often the remembered answers are brought up to date in the background; 0: never. Ends after
  // a 401 or 403, until refresh() succeeds.
  Duration poll_interval{0};
  std::size_t max_contexts = 1'000;  // remembered; the one asked for longest ago goes first
  Duration max_retry_after = std::chrono::hours{1};  // a longer Retry-After is cut to this
  Trace* trace = nullptr;  // records requests and answers; must outlive the provider
  std::string trace_name{};
};

// Throws ConfigError (sdk/options.h) that names the option.
Endpoint make_endpoint(const RemoteOptions& options);
// The same with a credential in that header. Throws ConfigError, which names `option`, for none.
Endpoint make_endpoint(const RemoteOptions& options, std::string_view option,
                       std::string_view header, const std::string& credential);

class Remote : public openfeature::Provider {
 public:
  ~Remote() override;

  std::string_view name() const noexcept override { return backend_->name(); }
  openfeature::Resolution evaluate(std::string_view key, openfeature::FlagType type,
                                   const openfeature::EvaluationContext& context) override;
  // In one request, or, where the backend answers for one flag at a time (Statsig), a few at a
  // time. Where nobody answers the first few, the others are not asked: an outage costs one
  // timeout.
  std::vector<openfeature::Resolution> evaluate_batch(
      std::span<const openfeature::FlagQuery> queries,
      const openfeature::EvaluationContext& context) override;
  // Asks again for everything that is remembered; false when some of it went without an answer. A
  // context that the server will not have is an answer: what is known of it stays, and ages.
  // Contexts are asked for a few at a time. The first few that nobody answers (no answer, or 5xx)
  // end it, as the server is out: an outage costs one timeout, however many contexts there are. The
  // poller asks one by one and ends its round after three in a row, until the next interval.
  // PROVIDER_CONFIGURATION_CHANGED names the flags that have come out differently.
  bool refresh() override;

  // How many contexts are remembered.
  std::size_t remembered() const { return memory_.size(); }

 protected:
  // A null host: the process's shared thread host. Throws ConfigError for bad options.
  Remote(RemoteOptions options, std::unique_ptr<const Backend> backend, std::shared_ptr<Host> host);

  void initialize(const openfeature::EvaluationContext& context) override;
  void shutdown() override;

 private:
  struct Round;
  struct Question;
  struct Sweep;
  using Take = std::function<void(const Question&, const http::Result&)>;

  Instant now() const;
  std::string context_key(const openfeature::EvaluationContext& context) const;
  // The requests, with the ETag of what is known of the context.
  std::vector<Question> questions_of(const std::string& key, const SnapshotPtr& known,
                                     std::span<const openfeature::FlagQuery> queries,
                                     bool background) const;
  // Sends them a few at a time and waits for each few, unless a 429 forbids it. What nobody answers
  // at all is the last: the others would cost their timeouts only. Whether all were sent.
  bool send(std::span<const Question> questions, const Take& take);
  // Asks the server, unless a 429 forbids it, and remembers what it says.
  Round ask(const std::string& key, SnapshotPtr known,
            std::span<const openfeature::FlagQuery> queries);
  // What an answer makes of what is known of its context.
  Round absorb(const std::string& key, const SnapshotPtr& known, const Ask& asked,
               const http::Result& result);
  Round take(const std::string& key, const SnapshotPtr& known, const Ask& asked,
             const http::Response& response);
  openfeature::Resolution resolve(const Round& round, const openfeature::FlagQuery& query) const;
  std::optional<openfeature::Resolution> from_memory(const SnapshotPtr& known,
                                                     const openfeature::FlagQuery& query) const;
  // Before its end nothing is asked.
  bool paused() const;
  void report(const std::string& problem);
  void report_changes(const std::vector<std::string>& slots);

  std::shared_ptr<Sweep> begin_sweep() const;
  void hear(Sweep& sweep, const Question& question, const http::Result& result);
  void schedule_poll();
  void poll(const std::shared_ptr<Sweep>& sweep);

  const RemoteOptions options_;
  const std::unique_ptr<const Backend> backend_;
  AnswerMemory memory_;
  mutable std::mutex mutex_;  // guards what follows
  Instant paused_until_{};
  bool polling_ = false;
  const std::shared_ptr<const void> life_ = std::make_shared<char>();  // as long as the provider
  Requester requester_;  // last: it ends first, and what it calls is still there
};

}  // namespace lockstep::providers
