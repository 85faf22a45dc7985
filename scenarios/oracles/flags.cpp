// Flags: what a provider answers is what its server said last of that very context; when that is
// too old, or there is nothing, it is the default and an error; and it asks when it may.
//
// The model is the promise of providers/remote.h, made again from the requests that arrived and the
// flags that the mock had then. It judges flags that all backends tell alike: booleans, and texts
// and integers whose variant is the value; and answers that are the mock's own, or none at all.
#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>

#include "mockserver/flag_backends.h"
#include "scenarios/oracles/oracle.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

// One request, and what its answer is worth to a provider.
struct Asked {
  enum class Worth {
    nothing,    // no answer, or none about flags
    flags,      // what `book` says
    unchanged,  // a 304: what `book` says, which the client knows already
    unclear,    // an answer that is not the mock's own; what a provider makes of it is its affair
  };
  std::size_t number = 0;  // among all requests of the scenario
  Instant sent{};
  Instant known = kNever;     // when the client learns of it; kNever: never
  Instant known_by = kNever;  // at the latest: a refresh takes answers several at a time
  Worth worth = Worth::nothing;
  mock::FlagQuestion question;
  mock::FlagBook book{};
  // An error of OFREP that is all that the answer says of the one flag it was asked for; of its
  // context, whatever it was asked for.
  std::string code{};
  std::optional<bool> is_gate{};  // statsig, where a gate and a config may have one name
};

// When the whole answer is there; kNever where it never is.
Instant landing(const Seen& seen, Duration latency) {
  const http::Reply& reply = seen.reply;
  const std::uint64_t size = reply.response.status == 304 ? 0 : reply.response.body.size();
  const Instant at = saturating_add(saturating_add(seen.at, reply.delay), latency);
  switch (reply.fault) {
    case http::Fault::none:
    case http::Fault::endless_body:  // as far as a few bytes go
      return at;
    case http::Fault::truncate_body:
      return reply.fault_bytes < size ? kNever : at;
    case http::Fault::slow_body: {
      if (size == 0) return at;
      if (reply.fault_bytes == 0) return kNever;
      const std::uint64_t nanoseconds =
          (size * 1'000'000'000 + reply.fault_bytes - 1) / reply.fault_bytes;
      return saturating_add(at, std::chrono::nanoseconds{nanoseconds});
    }
    default:
      return kNever;
  }
}

// A pause that a 429 asked for.
struct Pause {
  Instant known{};
  Instant until{};
};

// A Retry-After in seconds; where it is anything else, as long as it may be.
Duration longest_wait(const http::Response& response, Duration most) {
  const auto values = response.headers.all("Retry-After");
  if (values.empty()) return Duration{0};
  if (values.size() > 1) return most;
  const std::string_view text = values.front();
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_plain = error == std::errc{} && end == text.data() + text.size();
  return is_plain ? std::min<Duration>(std::chrono::seconds{seconds}, most) : most;
}

bool is_plain_wait(const http::Response& response) {
  const auto values = response.headers.all("Retry-After");
  return values.size() == 1 && !values.front().empty() && values.front().size() < 10 &&
         std::all_of(values.front().begin(), values.front().end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

// Whether a server of that kind has said with status 200 that it says nothing.
bool says_nothing(const json& body, const std::string& backend) {
  if (!body.is_object()) return true;
  const auto limited = body.find("quotaLimited");
  return backend == "posthog" && limited != body.end() && limited->is_array() &&
         std::find(limited->begin(), limited->end(), json("feature_flags")) != limited->end();
}

// Of OFREP's error codes: that the question is at fault, and not the flag.
bool is_of_context(std::string_view code) {
  return code == "TARGETING_KEY_MISSING" || code == "INVALID_CONTEXT";
}

// What an OFREP server says with a 400 or a 404, where it says so in the protocol's words. A flag
// that is not there is an answer; where all are asked for, an error is none.
void read_refusal(const http::Response& response, Asked& asked) {
  const json body = json::parse(response.body, nullptr, false);
  if (!body.is_object() || !body.contains("errorCode")) return;
  const std::string code = body["errorCode"].is_string() ? body["errorCode"] : json("GENERAL");
  const bool is_single = !asked.question.keys.empty();
  if (is_of_context(code)) {
    asked.code = code;
  } else if (is_single && code == "FLAG_NOT_FOUND") {
    asked.worth = Asked::Worth::flags;  // and those of an empty book are none
  } else if (is_single) {
    asked.code = code;
  }
}

// Whether some flag of the book cannot be computed. What a 304 then confirms is the provider's
// affair.
bool has_errors(const mock::FlagBook& book, const std::string& subject) {
  const std::vector<std::string> keys = book.keys();
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
    return book.find(key, subject).contains("error");
  });
}

// The error that is all that an answer says of the flag; empty: it says more, or nothing.
std::string code_of(const Asked& asked, const std::string& backend, const FlagAnswer& answer) {
  if (backend != "ofrep" || !asked.code.empty()) return asked.code;
  if (asked.worth != Asked::Worth::flags) return {};
  const json flag = asked.book.find(answer.key, answer.subject);
  return flag.is_object() ? flag.value("error", "") : "";
}

// What is to come out for a flag. Nothing: it is none that all backends tell alike.
struct Expected {
  json value;
  std::string error_code{};  // empty: none
};

std::optional<Expected> expected_of(const mock::FlagBook& book, const std::string& backend,
                                    const FlagAnswer& answer) {
  const json flag = book.find(answer.key, answer.subject);
  const json& fallback = answer.fallback;
  if (flag.is_null()) {
    // Which an absent flag is there cannot be told from one that is off.
    const bool is_off = backend == "unleash" || backend == "statsig";
    if (!is_off) return Expected{fallback, "FLAG_NOT_FOUND"};
    return Expected{fallback.is_boolean() ? json(false) : fallback};
  }
  for (const char* name : {"error", "failed", "payload"}) {
    if (flag.contains(name)) return std::nullopt;
  }
  const json value = flag.value("value", json());
  const json variant = flag.value("variant", json());
  if (value.is_boolean() && fallback.is_boolean() && variant.is_null() &&
      flag["enabled"] == value) {
    return Expected{value};
  }
  if (flag["enabled"] != true) return std::nullopt;
  if (value.is_string() && fallback.is_string() && variant == value) return Expected{value};
  const bool is_integer = value.is_number_integer() && fallback.is_number_integer();
  if (is_integer && variant == json(value.dump())) return Expected{value};
  return std::nullopt;
}

class Flags final : public Oracle {
 public:
  std::string_view name() const noexcept override {
    return "a flag is what its server said last of that context";
  }

  Finding opened(World& world, const std::string& provider) override {
    providers_.erase(provider);
    // Only the static provider, which asks nobody, is held to what the mock knows already.
    mock::FlagBook book = world.server().flags(provider);
    if (book.empty()) return std::nullopt;
    Known& known = providers_[provider];
    known.read = book;
    known.file = std::move(book);
    return std::nullopt;
  }

  Finding written(World&, const std::string& provider, const mock::FlagBook& flags,
                  bool is_broken) override {
    Known& known = providers_[provider];
    known.is_file_broken = is_broken;
    if (!is_broken) known.file = flags;
    return std::nullopt;
  }

  Finding arrived(World& world, const Seen& seen) override {
    const FlagLimits* limits = world.flag_limits(seen.client);
    if (limits == nullptr || seen.question == nullptr) return std::nullopt;
    Known& known = providers_[seen.client];
    const Instant sent = seen.at - world.settings().latency;
    for (const Pause& pause : known.pauses) {
      // Only what was sent after the answer had come can know of it.
      if (sent <= pause.known || sent >= pause.until) continue;
      return Failure{"no request before " + to_text(pause.until) + ", as a 429 asked",
                     "one sent at " + to_text(sent) + ": " + seen.to_text()};
    }
    if (limits->backend == "statsig" && !is_disabled(seen)) {
      known.exposures.push_back({sent, *seen.question});
    }
    known.asked.push_back(read(world, seen, *limits, known));
    return std::nullopt;
  }

  // A refresh, which sends several at a time and takes their answers when all are there. Which
  // belong together, and which are the poller's, cannot be seen from here.
  Finding returned(World& world, const DrainCall& call) override {
    if (world.flag_limits(call.client) == nullptr) return std::nullopt;
    Known& known = providers_[call.client];
    known.is_read_broken = known.is_file_broken;
    if (!known.is_file_broken) known.read = known.file;
    const Instant now = world.clock().now();
    for (; known.settled < known.asked.size(); ++known.settled) {
      Asked& one = known.asked[known.settled];
      if (one.sent >= call.started && one.known <= now) one.known_by = now;
    }
    return std::nullopt;
  }

  Finding evaluated(World& world, const FlagAnswer& answer) override {
    const FlagLimits* limits = world.flag_limits(answer.provider);
    if (limits == nullptr) return std::nullopt;
    Known& known = providers_[answer.provider];
    if (limits->backend == "static") return judge_static(known, answer);
    known.settled = known.asked.size();
    if (Finding broken = judge_exposures(known, *limits, answer)) return broken;
    if (answer.subject.empty()) return std::nullopt;  // the rest goes by the subject
    return judge(known, *limits, answer);
  }

 private:
  struct Exposure {
    Instant sent{};
    mock::FlagQuestion question;
  };
  // Of one provider.
  struct Known {
    mock::FlagBook file;  // a static provider's, which says this
    bool is_file_broken = false;
    mock::FlagBook read;  // what it said when it was read last, and could be
    bool is_read_broken = false;
    std::vector<Asked> asked;  // in the order of arrival
    std::size_t settled = 0;   // how many of them there were at the last evaluation or refresh
    std::vector<Pause> pauses;
    Instant perhaps_paused_until{};               // by what is no number of seconds
    std::map<std::string, std::string> words;     // for each context, how requests say it
    std::map<std::string, mock::FlagBook> books;  // by version
    std::vector<Exposure> exposures;              // that no evaluation has accounted for yet
  };

  static bool is_disabled(const Seen& seen) {
    if (!seen.body().is_object()) return false;
    const auto metadata = seen.body().find("statsigMetadata");
    return metadata != seen.body().end() && metadata->is_object() &&
           metadata->value("exposureLoggingDisabled", json()) == true;
  }

  static bool covers(const Asked& asked, const FlagAnswer& answer) {
    const auto& keys = asked.question.keys;
    if (asked.is_gate && *asked.is_gate != answer.fallback.is_boolean()) return false;
    return asked.question.subject == answer.subject &&
           (keys.empty() || std::find(keys.begin(), keys.end(), answer.key) != keys.end());
  }

  // Whether this evaluation may have made the request; or, at the same instant, the poller.
  static bool may_be_own(const Asked& asked, const FlagAnswer& answer) {
    return asked.number > answer.requests_before && asked.sent == answer.began &&
           covers(asked, answer);
  }

  static Asked read(World& world, const Seen& seen, const FlagLimits& limits, Known& known) {
    const Duration latency = world.settings().latency;
    const Instant lands = landing(seen, latency);
    Asked asked{seen.number, seen.at - latency,     lands,
                lands,       Asked::Worth::nothing, *seen.question};
    if (limits.backend == "statsig") {
      asked.is_gate = seen.request.url.path.ends_with("/check_gate");
    }
    if (asked.known >= saturating_add(asked.sent, limits.timeout)) {
      asked.known = asked.known_by = kNever;
      return asked;
    }
    const http::Response& response = seen.reply.response;
    if (response.status == 429) remember_pause(asked.known, response, limits, known);
    if (const auto version = response.headers.get(mock::kFlagsVersionHeader)) {
      asked.book = world.server().flags(seen.client);
      asked.worth = response.status == 304 ? Asked::Worth::unchanged : Asked::Worth::flags;
      known.books[std::string(*version)] = asked.book;
    } else if (response.status == 304) {
      const auto version_known = seen.request.headers.get("If-None-Match");
      const auto book = known.books.find(std::string(version_known.value_or("")));
      if (version_known) asked.worth = Asked::Worth::unclear;
      if (version_known && book != known.books.end()) {
        asked.worth = Asked::Worth::unchanged;
        asked.book = book->second;
      }
    } else if (limits.backend == "ofrep" && (response.status == 400 || response.status == 404)) {
      read_refusal(response, asked);
    } else if (response.status == 200) {
      const json body = json::parse(response.body, nullptr, false);
      if (!says_nothing(body, limits.backend)) asked.worth = Asked::Worth::unclear;
    }
    const bool is_confirmed = asked.worth == Asked::Worth::unchanged && limits.backend == "ofrep";
    if (is_confirmed && has_errors(asked.book, asked.question.subject)) {
      asked.worth = Asked::Worth::unclear;
    }
    return asked;
  }

  static void remember_pause(Instant at, const http::Response& response, const FlagLimits& limits,
                             Known& known) {
    const Instant until = saturating_add(at, longest_wait(response, limits.max_retry_after));
    if (is_plain_wait(response)) known.pauses.push_back({at, until});
    known.perhaps_paused_until = std::max(known.perhaps_paused_until, until);
  }

  // Statsig counts an exposure for each evaluation that asks, where that is chosen, and for nothing
  // else.
  static Finding judge_exposures(Known& known, const FlagLimits& limits, const FlagAnswer& answer) {
    const bool had_any = !known.exposures.empty();
    for (auto one = known.exposures.begin(); one != known.exposures.end(); ++one) {
      const bool is_own = one->sent == answer.began && one->question.subject == answer.subject &&
                          one->question.keys.front() == answer.key;
      if (!is_own || !limits.log_exposures) continue;
      known.exposures.erase(one);
      break;
    }
    if (!known.exposures.empty()) {
      return Failure{
          limits.log_exposures ? "an exposure for each evaluation that asks" : "no exposure logged",
          "one sent at " + to_text(known.exposures.front().sent)};
    }
    if (had_any || limits.backend != "statsig" || !limits.log_exposures) return std::nullopt;
    const bool asked = std::any_of(known.asked.begin(), known.asked.end(),
                                   [&](const Asked& one) { return may_be_own(one, answer); });
    // The poller may have asked at that very instant.
    if (!asked || limits.poll_interval > Duration{0}) return std::nullopt;
    return Failure{"an exposure for an evaluation that asks", "none"};
  }

  // The one request that this evaluation has made; nullptr: none. `is_ambiguous`: there are several
  // that may be it.
  static const Asked* own_request(Known& known, const FlagAnswer& answer, bool& is_ambiguous) {
    const auto words = known.words.find(answer.context);
    const Asked* own = nullptr;
    for (const Asked& one : known.asked) {
      if (!may_be_own(one, answer)) continue;
      if (words != known.words.end() && words->second != one.question.context) continue;
      const bool is_anothers =
          words == known.words.end() &&
          std::any_of(known.words.begin(), known.words.end(),
                      [&](const auto& entry) { return entry.second == one.question.context; });
      if (is_anothers) continue;
      is_ambiguous = own != nullptr;
      own = &one;
    }
    if (own != nullptr && !is_ambiguous) known.words.emplace(answer.context, own->question.context);
    return own;
  }

  // What the provider has learnt of the flag until then, in that order.
  static std::vector<const Asked*> learnt(const Known& known, const FlagLimits& limits,
                                          const FlagAnswer& answer) {
    std::vector<const Asked*> found;
    const auto words = known.words.find(answer.context);
    if (words == known.words.end()) return found;
    for (const Asked& one : known.asked) {
      const bool is_about = covers(one, answer) && one.question.context == words->second;
      if (!is_about || one.worth == Asked::Worth::nothing || one.known > answer.ended) continue;
      if (code_of(one, limits.backend, answer).empty()) found.push_back(&one);
    }
    std::stable_sort(found.begin(), found.end(), [](const Asked* one, const Asked* other) {
      return one->known < other->known;
    });
    // Nothing is unchanged where something else has come while the request was on its way.
    std::erase_if(found, [&](const Asked* one) {
      return one->worth == Asked::Worth::unchanged &&
             std::any_of(found.begin(), found.end(), [&](const Asked* other) {
               return other->worth == Asked::Worth::flags && other->known > one->sent &&
                      other->known <= one->known && other->book.etag() != one->book.etag();
             });
    });
    return found;
  }

  // Whether what has to come out depends on when exactly the newest answer was taken.
  static bool depends_on_when(const Asked& newest, const std::vector<const Asked*>& all,
                              const FlagLimits& limits, const FlagAnswer& answer) {
    const auto is_of_age = [&](Instant known) {
      return std::array{known >= answer.began, answer.began - known <= limits.max_age,
                        answer.ended - known <= limits.max_stale};
    };
    // What came at the instant at which it was asked for came before that, or while it was asked.
    return is_of_age(newest.known) != is_of_age(newest.known_by) ||
           std::any_of(all.begin(), all.end(), [&](const Asked* other) {
             const bool is_later = other->known_by > newest.known;
             const bool is_beside =
                 newest.worth == Asked::Worth::unchanged && other->known == newest.sent;
             return (is_later || is_beside) && other->book.etag() != newest.book.etag();
           });
  }

  // Whatever happens to a server, the file says what it said when it was read last; one that cannot
  // be read takes nothing away.
  static Finding judge_static(const Known& known, const FlagAnswer& answer) {
    const auto wanted = expected_of(known.read, "static", answer);
    if (!wanted) return std::nullopt;
    const std::string reason = answer.told.value("reason", "");
    const bool holds = answer.told["value"] == wanted->value &&
                       answer.status == (known.is_read_broken ? "STALE" : "READY") &&
                       answer.told.value("error_code", "") == wanted->error_code &&
                       reason != "STALE" && reason != "CACHED";
    if (holds) return std::nullopt;
    return Failure{wanted->value.dump() + (wanted->error_code.empty() ? "" : " and ") +
                       wanted->error_code + ", as the file says of " + describe(answer),
                   seen(answer)};
  }

  static Finding judge(Known& known, const FlagLimits& limits, const FlagAnswer& answer) {
    bool is_ambiguous = false;
    const Asked* own = own_request(known, answer, is_ambiguous);
    if (is_ambiguous) return std::nullopt;
    const std::vector<const Asked*> all = learnt(known, limits, answer);
    const Asked* newest = all.empty() ? nullptr : all.back();
    const bool is_unclear =
        newest != nullptr && std::any_of(all.begin(), all.end(), [&](const Asked* one) {
          return one->worth == Asked::Worth::unclear && one->known >= newest->sent;
        });
    if (is_unclear || (newest != nullptr && depends_on_when(*newest, all, limits, answer))) {
      return std::nullopt;
    }
    const std::string code = own == nullptr ? "" : code_of(*own, limits.backend, answer);
    if (!code.empty() && own->known <= answer.ended) {
      return judge_error(code, newest, limits, answer);
    }
    if (own != nullptr && own->worth != Asked::Worth::nothing) {
      // The own answer, or what came with it at the same instant.
      return expect(*own, limits, answer, "fresh");
    }
    if (own == nullptr) {
      const bool is_young = newest != nullptr && limits.max_age > Duration{0} &&
                            answer.began - newest->known <= limits.max_age;
      if (is_young) return expect(*newest, limits, answer, "CACHED");
      if (known.perhaps_paused_until <= answer.began) {
        return Failure{"a request for " + answer.key + " at " + to_text(answer.began) +
                           ", as nothing forbids it and nothing young enough is known",
                       "none"};
      }
    }
    if (newest == nullptr) return expect_nothing(answer);
    if (is_error_since(known, *newest, limits, answer)) return std::nullopt;
    // What has come since the evaluation began is of now, whichever request brought it.
    if (newest->known >= answer.began) return expect(*newest, limits, answer, "fresh");
    if (answer.ended - newest->known > limits.max_stale) return expect_nothing(answer);
    return expect(*newest, limits, answer, "STALE");
  }

  // Whether it told an error that came after it was said that there is no such flag: of that
  // nothing is known, so the error may be what is remembered.
  static bool is_error_since(const Known& known, const Asked& newest, const FlagLimits& limits,
                             const FlagAnswer& answer) {
    const std::string told = answer.told.value("error_code", "");
    if (told.empty() || !newest.book.find(answer.key, answer.subject).is_null()) return false;
    return answer.told["value"] == answer.fallback &&
           std::any_of(known.asked.begin(), known.asked.end(), [&](const Asked& one) {
             return one.known >= newest.known && one.known <= answer.ended && covers(one, answer) &&
                    code_of(one, limits.backend, answer) == told;
           });
  }

  // The server has answered, with an error: of the context it is told; of a flag that it could not
  // compute, what was known before stays, and the error is for who knows nothing.
  static Finding judge_error(const std::string& code, const Asked* newest, const FlagLimits& limits,
                             const FlagAnswer& answer) {
    const std::string told = answer.told.value("error_code", "");
    const bool is_known = newest != nullptr && (newest->known >= answer.began ||
                                                answer.ended - newest->known <= limits.max_stale);
    // Of a flag that is not there nothing is known, or that.
    const bool is_absent =
        is_known && told == code && newest->book.find(answer.key, answer.subject).is_null();
    if (is_known && !is_absent && !is_of_context(code)) {
      if (newest->known >= answer.began) return expect(*newest, limits, answer, "fresh");
      return expect(*newest, limits, answer, "STALE", "READY");
    }
    const bool is_too_old = newest != nullptr && !is_of_context(code);
    const bool holds = is_too_old && !is_absent ? !told.empty() : told == code;
    if (holds && answer.told["value"] == answer.fallback && answer.status == "READY") {
      return std::nullopt;
    }
    return Failure{"the default and " + code + " of a server that answers, of " + describe(answer),
                   seen(answer)};
  }

  static Finding expect_nothing(const FlagAnswer& answer) {
    const bool holds = answer.told["value"] == answer.fallback &&
                       answer.told.contains("error_code") && answer.status != "READY";
    if (holds) return std::nullopt;
    return Failure{"the default and an error, as the server has said nothing that still holds of " +
                       describe(answer),
                   seen(answer)};
  }

  // `how`: "fresh", or the reason that an older answer has; a stale one leaves that status.
  static Finding expect(const Asked& from, const FlagLimits& limits, const FlagAnswer& answer,
                        std::string_view how, std::string_view stale_status = "STALE") {
    const auto wanted = expected_of(from.book, limits.backend, answer);
    if (!wanted) return std::nullopt;
    const std::string error = answer.told.value("error_code", "");
    const std::string reason = answer.told.value("reason", "");
    const bool is_old = reason == "STALE" || reason == "CACHED";
    bool holds = answer.told["value"] == wanted->value && error == wanted->error_code;
    if (error.empty()) holds = holds && (how == "fresh" ? !is_old : reason == how);
    if (how == "STALE") holds = holds && answer.status == stale_status;
    if (holds) return std::nullopt;
    return Failure{std::string(how) + " " + wanted->value.dump() +
                       (wanted->error_code.empty() ? "" : " and " + wanted->error_code) +
                       ", as the answer to the request of " + to_text(from.sent) + " says of " +
                       describe(answer),
                   seen(answer)};
  }

  static std::string describe(const FlagAnswer& answer) {
    return answer.key + " for " + answer.context;
  }
  static std::string seen(const FlagAnswer& answer) {
    return answer.told.dump() + ", the provider " + std::string(answer.status);
  }

  std::map<std::string, Known> providers_;
};

}  // namespace

std::unique_ptr<Oracle> make_flags_oracle() { return std::make_unique<Flags>(); }

}  // namespace lockstep::scenario
