// One test's part of the server: its script as far as it has been used, and what happened in it.
//
// Not thread-safe: the server locks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "mockserver/journal.h"
#include "mockserver/script.h"
#include "mockserver/server.h"
#include "mockserver/store.h"

namespace lockstep::mock {

// A sequence and how much of it has been used.
class RunningSequence {
 public:
  // `place` among its partition's sequences, from 1, is part of the name where it has none.
  RunningSequence(Sequence sequence, std::size_t place);

  bool matches(std::string_view method, std::string_view path) const;
  // Whether it names a path of its own, so that a request there is routed.
  bool owns_path() const noexcept { return sequence_.path.has_value(); }
  bool has_steps_left() const noexcept { return next_ < sequence_.steps.size(); }
  const std::string& name() const noexcept { return sequence_.name; }

  // Uses up a step. Nothing when it is exhausted and leaves the request to others. What is odd goes
  // to `note`.
  std::optional<Step> take(std::string& note);

 private:
  Sequence sequence_;
  std::size_t next_ = 0;    // step
  std::uint64_t used_ = 0;  // how often that step has been used
};

class Partition {
 public:
  explicit Partition(const ServerOptions& options);

  void apply(Script script);
  void enqueue(std::vector<Step> steps);
  void add_sequence(Sequence sequence);

  // Whether a sequence names this path, whether it has steps left or not.
  bool owns_path(std::string_view method, std::string_view path) const;

  // The step for a request: sequences, queue, default. Nothing for a request to a path that only
  // sequences know, when they are exhausted.
  std::optional<Step> next_step(const ParsedRequest& request, std::string& note);

  void clear_requests();
  void add_violations(const std::vector<std::string>& texts, std::uint64_t request,
                      std::string_view test_id, std::size_t limit);
  PartitionSummary summary(const std::string& test_id) const;

  Duration latency{0};
  std::size_t max_body_bytes = 0;
  std::size_t max_batch_events = 0;
  Journal journal;
  Store store;
  std::vector<Violation> violations;
  FlagBook flags;
  std::uint64_t last_used = 0;  // the server's count of uses

 private:
  std::optional<Step> from_queue();

  std::deque<Step> queue_;  // the first one's `repeat` counts down
  Step default_;
  std::vector<RunningSequence> sequences_;
};

}  // namespace lockstep::mock
