// 4. Attempts, of a question for a flag that a client is asked: /flags is asked again after 502,
// 504 and no answer, at most flags_max_retries times and after flags_retry_backoff, doubling; every
// other answer is final.
#include <algorithm>
#include <map>

#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

// What became of a request, as far as it can be said of its answer's way.
struct Fate {
  enum class Kind { answered, unanswered, unclear };
  Kind kind = Kind::unclear;
  Instant known = Instant::min();  // to the client; of an answer
};

Fate fate_of(const World& world, const ClientLimits& limits, const Seen& seen) {
  const Duration latency = world.settings().latency;
  const Instant at = saturating_add(saturating_add(seen.at, seen.reply.delay), latency);
  if (at >= saturating_add(seen.at - latency, limits.flags_timeout)) {
    return {Fate::Kind::unanswered};
  }
  switch (seen.reply.fault) {
    case http::Fault::none:
      return {Fate::Kind::answered, at};
    case http::Fault::truncate_body:
    case http::Fault::slow_body:
    case http::Fault::endless_body:
      return {Fate::Kind::unclear};  // by how much of it, and how fast
    default:
      return {Fate::Kind::unanswered};
  }
}

bool is_final(const Fate& fate, const Seen& seen) {
  const int status = seen.reply.response.status;
  return fate.kind == Fate::Kind::answered && status != 502 && status != 504;
}

class Questions final : public Oracle {
 public:
  std::string_view name() const noexcept override {
    return "a question for a flag is asked again only without an answer";
  }

  Finding opened(World&, const std::string& client) override {
    questions_.erase(client);
    return std::nullopt;
  }

  Finding closing(World&, const std::string& client) override {
    questions_[client].is_closing = true;
    return std::nullopt;
  }

  Finding asking(World&, const std::string& client) override {
    Question& question = questions_[client];
    question.is_open = true;
    question.requests = 0;
    question.last = nullptr;
    return std::nullopt;
  }

  Finding arrived(World& world, const Seen& seen) override {
    if (questions_.empty() || !seen.is_flags()) return std::nullopt;
    const auto found = questions_.find(seen.client);
    const ClientLimits* limits = world.limits(seen.client);
    if (found == questions_.end() || !found->second.is_open || limits == nullptr) {
      return std::nullopt;
    }
    Question& question = found->second;
    const Seen* before = std::exchange(question.last, &seen);
    if (++question.requests > limits->flags_max_retries + 1) {
      return Failure{
          "at most " + std::to_string(limits->flags_max_retries + 1) + " requests for one question",
          seen.to_text()};
    }
    return before == nullptr ? Finding{} : judge_again(world, *limits, question, *before, seen);
  }

  Finding asked(World& world, const AskedFlag& flag) override {
    const std::string& client = flag.client;
    const Question question =
        std::exchange(questions_[client].is_open, false) ? questions_[client] : Question{};
    const ClientLimits* limits = world.limits(client);
    if (question.last == nullptr || question.is_closing || limits == nullptr) return std::nullopt;
    if (question.requests > limits->flags_max_retries) return std::nullopt;
    const Fate fate = fate_of(world, *limits, *question.last);
    if (fate.kind == Fate::Kind::unclear || is_final(fate, *question.last)) return std::nullopt;
    return Failure{std::to_string(limits->flags_max_retries + 1) +
                       " requests for a question that " + client + " got no answer to",
                   std::to_string(question.requests) + ", the last " + question.last->to_text()};
  }

 private:
  struct Question {
    bool is_open = false;
    bool is_closing = false;  // the client, which then answers nobody any more
    std::uint32_t requests = 0;
    const Seen* last = nullptr;  // which the world keeps
  };

  static Finding judge_again(const World& world, const ClientLimits& limits,
                             const Question& question, const Seen& before, const Seen& seen) {
    const Fate fate = fate_of(world, limits, before);
    if (is_final(fate, before)) {
      return Failure{"no second request after " + before.to_text(), seen.to_text()};
    }
    if (fate.kind != Fate::Kind::answered) return std::nullopt;
    const std::uint64_t doubled = std::uint64_t{1} << std::min(question.requests - 2, 62u);
    const Duration backoff = saturating_multiply(limits.flags_retry_backoff, doubled);
    const Instant again = saturating_add(fate.known, backoff);
    const Instant sent = seen.at - world.settings().latency;
    if (sent >= again) return std::nullopt;
    return Failure{"no second request before " + to_text(again),
                   "sent at " + to_text(sent) + ": " + seen.to_text()};
  }

  std::map<std::string, Question> questions_;  // by client; of those that were ever asked, or close
};

}  // namespace

std::unique_ptr<Oracle> make_questions_oracle() { return std::make_unique<Questions>(); }

}  // namespace lockstep::scenario
