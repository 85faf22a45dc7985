#include "scenarios/oracles/heard.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "mockserver/json_text.h"
#include "scenarios/world.h"

namespace lockstep::scenario {

namespace {

using nlohmann::json;

bool has(const std::string& body, std::string_view text) {
  return body.find(text) != std::string::npos;
}

// Whether the answer came whole and in time. Of one that dripped in only the client knows.
bool is_heard(const EndedRequest& request, const World& world) {
  if (request.seen == nullptr || request.status == 0) return false;
  const http::Reply& reply = request.seen->reply;
  const ClientLimits* limits = world.limits(request.client);
  const Instant sent = request.seen->at - world.settings().latency;
  if (limits != nullptr && request.at >= saturating_add(sent, limits->request_timeout)) {
    return false;
  }
  switch (reply.fault) {
    case http::Fault::none:
    case http::Fault::slow_body:
    case http::Fault::endless_body:
      return true;
    case http::Fault::truncate_body:
      return reply.fault_bytes >= reply.response.body.size();
    default:
      return false;
  }
}

// Confidence takes back nothing that it refused with a 408.
Word word_of_status(const Seen& seen) {
  const int status = seen.reply.response.status;
  if (status >= 200 && status < 300) return Word::accepted;
  if (status == 413) return Word::too_large;
  const bool is_later = status == 408 && !seen.is_confidence();
  return is_later || status == 429 || status >= 500 ? Word::again : Word::refused;
}

// v1 names each event, and what becomes of it.
void read_results(const Seen& seen, std::vector<Word>& words) {
  const std::string& body = seen.reply.response.body;
  std::fill(words.begin(), words.end(), Word::unnamed);
  const auto answer = mock::read_json(body).value;
  if (answer == nullptr || !answer->contains("results")) return;
  const json& results = (*answer)["results"];
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto result = results.find(seen.parts[i].uuid.to_string());
    if (result == results.end() || !result->is_object()) continue;
    const auto said = result->find("result");
    if (said == result->end()) {
      words[i] = Word::accepted;
    } else {
      words[i] = *said == "retry" ? Word::again : *said == "drop" ? Word::refused : Word::accepted;
    }
  }
}

// In protobuf's JSON a zero is left out, and a number may be a text.
std::optional<std::size_t> index_of(const json& error) {
  if (!error.is_object()) return std::nullopt;
  const json index = error.value("index", json(0U));
  if (index.is_number_unsigned()) return index.get<std::size_t>();
  if (!index.is_string()) return std::nullopt;
  const std::string text = index.get<std::string>();
  std::size_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// Confidence names those that it refused, by their place. What is no answer of its own confirms
// nothing.
void read_errors(const Seen& seen, std::vector<Word>& words) {
  const json answer = json::parse(seen.reply.response.body, nullptr, false);
  if (!answer.is_object()) return std::fill(words.begin(), words.end(), Word::again);
  const auto errors = answer.find("errors");
  if (errors == answer.end() || errors->is_null()) return;
  // What is no list is an error of nobody knows which event.
  bool all_known = errors->is_array();
  for (const json& error : all_known ? *errors : json::array()) {
    const std::optional<std::size_t> index = index_of(error);
    all_known = all_known && index && *index < words.size();
    if (index && *index < words.size()) words[*index] = Word::refused;
  }
  if (!all_known) std::replace(words.begin(), words.end(), Word::accepted, Word::unnamed);
}

// {"quota_limited": ["events"]}
bool is_over_quota(const Seen& seen) {
  const std::string& body = seen.reply.response.body;
  if (!has(body, "quota_limited")) return false;
  const json answer = json::parse(body, nullptr, false);
  if (!answer.is_object()) return false;
  const json limited = answer.value("quota_limited", json());
  return limited.is_array() && std::find(limited.begin(), limited.end(), "events") != limited.end();
}

void read_success(const Seen& seen, std::vector<Word>& words) {
  const std::string& path = seen.request.url.path;
  if (path.ends_with("/i/v1/analytics/events")) {
    read_results(seen, words);
  } else if (seen.is_confidence()) {
    read_errors(seen, words);
  } else if (!path.ends_with("/v1/batch") && is_over_quota(seen)) {
    std::fill(words.begin(), words.end(), Word::over_quota);
  }
}

// Read here once more, and not by whom the SDK asks.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t count) {
  int number = 0;
  const char* const begin = text.data() + at;
  const auto [end, error] = std::from_chars(begin, begin + count, number);
  const bool holds = error == std::errc{} && end == begin + count && *begin != '-';
  return holds ? std::optional(number) : std::nullopt;
}

// "Wed, 01 Jan 2025 00:10:00 GMT"; nothing for what looks otherwise.
std::optional<WallTime> read_date(std::string_view text) {
  constexpr std::string_view kLike = "Wed, 01 Jan 2025 00:10:00 GMT";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != kLike.size() || !text.ends_with(" GMT") || text[3] != ',') return std::nullopt;
  const std::size_t month = kMonths.find(text.substr(8, 3));
  const auto day = digits_at(text, 5, 2);
  const auto year = digits_at(text, 12, 4);
  const auto hour = digits_at(text, 17, 2);
  const auto minute = digits_at(text, 20, 2);
  const auto second = digits_at(text, 23, 2);
  if (month == std::string_view::npos || month % 3 != 0 || !day || !year || !hour || !minute ||
      !second)
    return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(month / 3 + 1)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  // Beyond this a time of the clock has no room, and there is nothing to wait for exactly.
  if (!date.ok() || *year > 2200 || *year < 1700) return std::nullopt;
  return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{*hour} +
         std::chrono::minutes{*minute} + std::chrono::seconds{*second};
}

std::optional<Duration> until_date(std::string_view text, WallTime now) {
  const auto date = read_date(text);
  if (!date) return std::nullopt;
  return std::max(Duration{0}, *date - now);
}

}  // namespace

std::vector<Word> words_of(const EndedRequest& request, const World& world) {
  if (request.seen == nullptr) return {};
  const Seen& seen = *request.seen;
  const bool heard = is_heard(request, world);
  const Word word = heard ? word_of_status(seen) : Word::nothing;
  std::vector<Word> words(seen.parts.size(), word);
  if (word == Word::accepted) read_success(seen, words);
  return words;
}

bool is_trouble(const EndedRequest& request) {
  if (request.was_cancelled) return false;
  if (request.words.empty() || request.words.front() == Word::nothing) return true;
  const int status = request.seen->reply.response.status;
  const bool is_success = status >= 200 && status < 300;
  const bool is_batch = !is_success || request.seen->is_confidence();
  return is_batch && request.words.front() == Word::again;
}

bool goes_again(const EndedRequest& request) {
  return is_trouble(request) ||
         std::find(request.words.begin(), request.words.end(), Word::again) != request.words.end();
}

std::optional<Duration> plain_retry_after(const EndedRequest& request, World& world) {
  const auto values = request.seen->reply.response.headers.all("Retry-After");
  if (values.size() != 1) return std::nullopt;
  const std::string_view text = values.front();
  const bool is_number = !text.empty() && std::all_of(text.begin(), text.end(),
                                                      [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) return until_date(text, world.clock().wall_now());
  std::uint64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{}) return Duration::max();
  return saturating_multiply(std::chrono::seconds{1}, seconds);
}

}  // namespace lockstep::scenario
