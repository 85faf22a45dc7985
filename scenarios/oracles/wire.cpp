// 2. Same envelope, as the wire has it: what stays over the attempts at a batch, and what counts
// up. A batch's id stays until a 413 splits it, and so does created_at; PostHog-Attempt counts one
// more for each attempt; the time of sending is the one of this attempt, by the wall clock. Every
// time says its offset.
#include <charconv>

#include "clock/timestamp.h"
#include "scenarios/by_uuid.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using std::string_view;

// The text behind the first `key` of the body, which is the envelope's: its own members come before
// its events. Empty where there is none.
string_view text_behind(string_view body, string_view key) {
  const std::size_t at = body.find(key);
  if (at == string_view::npos) return {};
  const std::size_t begin = at + key.size();
  return body.substr(begin, body.find('"', begin) - begin);
}

// How its protocol says of a request what this oracle looks at.
struct Words {
  string_view batch;       // the id that stays over the attempts; empty: it has none
  string_view sent;        // when it left
  string_view created;     // when its batch was made; empty: it does not say
  string_view attempt;     // likewise
  bool has_batch = false;  // the protocol has an id for each batch
  bool counts = false;     // and counts the attempts
};

Words words_of(const Seen& seen) {
  Words words;
  const string_view path = seen.request.url.path;
  const http::Headers& headers = seen.request.headers;
  if (path.ends_with("/i/v1/analytics/events")) {
    words.has_batch = words.counts = true;
    words.batch = headers.get("PostHog-Request-Id").value_or("");
    words.sent = headers.get("PostHog-Request-Timestamp").value_or("");
    words.attempt = headers.get("PostHog-Attempt").value_or("");
    words.created = text_behind(seen.decoded, R"("created_at":")");
  } else if (path.ends_with("/v1/batch")) {
    words.has_batch = true;
    words.batch = text_behind(seen.decoded, R"("messageId":")");
    words.sent = text_behind(seen.decoded, R"("sentAt":")");
  } else if (seen.is_confidence()) {
    words.sent = text_behind(seen.decoded, R"("sendTime":")");
  } else {
    words.sent = text_behind(seen.decoded, R"("sent_at":")");
  }
  return words;
}

Failure breach(std::string expected, const Seen& seen, std::string_view found) {
  return {std::move(expected), std::string(found) + " in " + seen.to_text()};
}

class Wire final : public Oracle {
 public:
  string_view name() const noexcept override { return "attempts say which they are, and when"; }

  Finding arrived(World& world, const Seen& seen) override {
    if (seen.parts.empty() || world.limits(seen.client) == nullptr) return std::nullopt;
    if (!seen.times_have_offsets) {
      return breach("events whose times say their offset", seen, "one that does not");
    }
    const Words words = words_of(seen);
    if (Finding late = judge_time(seen, words)) return late;
    return words.has_batch ? judge_batch(seen, words) : std::nullopt;
  }

  // A request that never arrived may have been an attempt at any batch.
  Finding request_ended(World&, const EndedRequest& request) override {
    if (request.seen == nullptr) ++never_arrived_;
    return std::nullopt;
  }

 private:
  struct Batch {
    std::uint64_t created = 0;  // digest of what it said
    std::uint64_t attempt = 0;  // the last that arrived
  };

  // Most requests leave on the day on which the one before did, whose date is read already.
  std::optional<WallTime> time_of(string_view text) {
    constexpr string_view kPlain = "2025-01-01T00:00:00.000Z";
    constexpr std::size_t kDate = 11;
    if (text.size() != kPlain.size() || text.back() != 'Z') return parse_rfc3339(text);
    if (text.substr(0, kDate) != day_) {
      const auto midnight = parse_rfc3339(std::string(text.substr(0, kDate)) + "00:00:00Z");
      if (!midnight) return std::nullopt;
      day_ = text.substr(0, kDate);
      midnight_ = *midnight;
    }
    int parts[] = {0, 0, 0, 0};  // hours, minutes, seconds, milliseconds
    int* part = parts;
    for (const char c : text.substr(kDate, kPlain.size() - kDate - 1)) {
      if (c == ':' || c == '.') {
        if (++part == std::end(parts)) return std::nullopt;
      } else if (c < '0' || c > '9') {
        return std::nullopt;
      } else {
        *part = *part * 10 + (c - '0');
      }
    }
    if (part != std::end(parts) - 1) return std::nullopt;
    return midnight_ + std::chrono::hours{parts[0]} + std::chrono::minutes{parts[1]} +
           std::chrono::seconds{parts[2]} + std::chrono::milliseconds{parts[3]};
  }

  Finding judge_time(const Seen& seen, const Words& words) {
    if (!seen.left) return std::nullopt;
    const auto said = time_of(words.sent);
    const Duration off = said ? *said - *seen.left : Duration::max();
    constexpr Duration kPrecision = std::chrono::milliseconds{1};
    if (off < kPrecision && off > -kPrecision) return std::nullopt;
    return breach("its time of sending, " + to_rfc3339(*seen.left), seen,
                  words.sent.empty() ? "none" : words.sent);
  }

  Finding judge_batch(const Seen& seen, const Words& words) {
    const auto id = Uuid::parse(words.batch);
    if (!id) return breach("an id of the batch", seen, words.batch);
    const auto [known, is_new] = batches_.try_emplace(*id);
    Batch& batch = known->second;
    const Uuid& first = seen.parts.front().uuid;
    // Its first event has been in a request before.
    const bool is_repeat = seen.attempt > 1;
    if (is_new && is_repeat && split_.erase(first) == 0) {
      return breach("the batch's id of the attempt before", seen, words.batch);
    }
    if (!is_new && !is_repeat) return breach("an id of its own for a batch", seen, words.batch);
    if (seen.reply.response.status == 413) {
      for (const SeenEvent& event : seen.parts) split_.insert(event.uuid);
    }
    if (!words.counts) return std::nullopt;
    const std::uint64_t created = digest_bytes(kDigestStart, words.created);
    if (!is_new && created != batch.created) {
      return breach("created_at of the attempt before", seen, words.created);
    }
    batch.created = created;
    return judge_attempt(seen, words.attempt, batch);
  }

  Finding judge_attempt(const Seen& seen, string_view text, Batch& batch) const {
    std::uint64_t attempt = 0;
    std::from_chars(text.data(), text.data() + text.size(), attempt);
    const std::uint64_t next = batch.attempt + 1;
    if (attempt < next || attempt > next + never_arrived_) {
      return breach("PostHog-Attempt " + std::to_string(next), seen, text);
    }
    batch.attempt = attempt;
    return std::nullopt;
  }

  std::string day_;        // "2025-01-01T", of the last time that was read
  WallTime midnight_{};    // with which it began
  ByUuid<Batch> batches_;  // by the id on the wire
  UuidSet split_;          // events whose next request may be another batch's
  std::uint64_t never_arrived_ = 0;
};

}  // namespace

std::unique_ptr<Oracle> make_wire_oracle() { return std::make_unique<Wire>(); }

}  // namespace lockstep::scenario
