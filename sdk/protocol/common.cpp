#include "sdk/protocol/common.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "clock/timestamp.h"

namespace lockstep::protocol {

const std::string& library_id() {
  static const std::string id = std::string(kLibraryName).append("/").append(kLibraryVersion);
  return id;
}

const OptionName* find_option(std::string_view property) noexcept {
  if (!property.starts_with('$')) return nullptr;
  const auto found =
      std::find_if(kOptionNames.begin(), kOptionNames.end(),
                   [&](const OptionName& name) { return name.property == property; });
  return found == kOptionNames.end() ? nullptr : &*found;
}

bool is_set(const OptionName& name, const EventOptions* options) noexcept {
  if (options == nullptr) return false;
  return name.flag ? (options->*name.flag).has_value() : options->product_tour_id.has_value();
}

void write_option(const OptionName& name, const EventOptions& options, JsonWriter& out) {
  if (name.flag) {
    out.raw(*(options.*name.flag) ? "true" : "false");
  } else {
    out.string(*options.product_tour_id);
  }
}

void write_uuid(const Uuid& uuid, JsonWriter& out) {
  char text[Uuid::kTextLength + 2];
  text[0] = '"';
  uuid.write(text + 1);
  text[sizeof text - 1] = '"';
  out.raw(std::string_view(text, sizeof text));
}

void write_time(WallTime time, JsonWriter& out) {
  char text[kRfc3339MaxLength + 2];
  text[0] = '"';
  const std::size_t length = write_rfc3339(time, text + 1);
  text[length + 1] = '"';
  out.raw(std::string_view(text, length + 2));
}

std::size_t write_head(const EventView& event, JsonWriter& out) {
  out.raw(R"({"uuid":)");
  const std::size_t uuid_at = out.size() + 1;
  write_uuid(event.uuid, out);
  out.raw(R"(,"event":)");
  out.string(event.name);
  out.raw(R"(,"timestamp":)");
  write_time(event.timestamp, out);
  return uuid_at;
}

http::Request make_post(const ProtocolConfig& config, std::string_view path) {
  http::Request request;
  request.method = "POST";
  request.url = config.host;
  // A path of the configured host is a prefix: reverse proxies mount the ingestion there.
  std::string prefix = config.host.path;
  while (!prefix.empty() && prefix.back() == '/') prefix.pop_back();
  request.url.path = prefix + std::string(path);
  request.headers.add("Content-Type", "application/json");
  request.headers.add("User-Agent", library_id());
  for (const auto& [name, value] : config.headers) request.headers.set(name, value);
  return request;
}

void append_batch(const engine::Batch& batch, std::string& body) {
  if (batch.lane == Lane::historical) body += R"(,"historical_migration":true)";
  body += R"(,"batch":)";
  append_events(batch, body);
}

void append_events(const engine::Batch& batch, std::string& body) {
  body += '[';
  bool first = true;
  for (const engine::EventRef& event : batch.events) {
    if (!first) body += ',';
    first = false;
    body += event.json();
  }
  body += ']';
}

namespace {

std::optional<Duration> parse_delay(std::string_view text, WallTime now) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.empty()) return std::nullopt;
  const bool digits =
      std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (!digits) {
    const auto date = parse_http_date(text, now);
    if (!date) return std::nullopt;
    // In 64 bits of nanoseconds the difference of two dates may not fit.
    const auto seconds = std::chrono::floor<std::chrono::seconds>(*date) -
                         std::chrono::floor<std::chrono::seconds>(now);
    if (seconds.count() > 0 && seconds > std::chrono::hours{24 * 365}) return Duration::max();
    return std::max(Duration{0}, *date > now ? Duration{*date - now} : Duration{0});
  }
  std::uint64_t seconds = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (parsed.ec == std::errc::result_out_of_range) return Duration::max();
  return saturating_multiply(std::chrono::seconds{1}, seconds);
}

}  // namespace

std::optional<Duration> retry_after(const http::Headers& headers, WallTime now,
                                    std::string_view header) {
  std::optional<Duration> longest;
  for (const std::string_view value : headers.all(header)) {
    const auto delay = parse_delay(value, now);
    if (delay && (!longest || *delay > *longest)) longest = delay;
  }
  return longest;
}

bool nests_too_deep(std::string_view json) noexcept {
  constexpr std::size_t kDeepest = 100;
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > kDeepest) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

nlohmann::json parse_answer(std::string_view body) {
  if (nests_too_deep(body)) return nullptr;
  return nlohmann::json::parse(body, nullptr, false);
}

std::string without_key(std::string text, std::string_view api_key) {
  // Shorter ones are no secrets, and hiding every "a" would leave nothing to read.
  constexpr std::size_t kShortestSecret = 4;
  if (api_key.size() < kShortestSecret) return text;
  constexpr std::string_view kMask = "[api key]";
  std::size_t at = 0;
  while ((at = text.find(api_key, at)) != std::string::npos) {
    text.replace(at, api_key.size(), kMask);
    at += kMask.size();  // the mask itself may hold the key
  }
  return text;
}

std::string excerpt(std::string_view text, std::string_view api_key) {
  constexpr std::size_t kLongest = 200;
  // The key is looked for before the cut, so that half of it cannot survive at the end.
  std::string shown = without_key(std::string(text.substr(0, kLongest + 4096)), api_key);
  if (shown.size() > kLongest) shown = shown.substr(0, kLongest) + "...";
  std::replace_if(
      shown.begin(), shown.end(), [](char c) { return c >= 0 && c < ' '; }, ' ');
  return shown;
}

engine::Verdict classify(const http::Response& response, WallTime now, std::string_view api_key) {
  using Kind = engine::Verdict::Kind;
  engine::Verdict verdict;
  const int status = response.status;
  verdict.status = status;
  if (status >= 200 && status < 300) return verdict;
  verdict.detail = "status " + std::to_string(status);
  if (!response.body.empty()) verdict.detail += ": " + excerpt(response.body, api_key);
  verdict.pause = retry_after(response.headers, now);
  if (status == 413) {
    verdict.kind = Kind::too_large;
  } else if (status == 408 || status == 429 || status >= 500) {
    verdict.kind = Kind::retry;
    verdict.endpoint_trouble = true;
  } else {
    verdict.kind = Kind::drop;
    verdict.reason = DropReason::rejected;
  }
  return verdict;
}

}  // namespace lockstep::protocol
