#include "sdk/protocol/whole_batch.h"

#include "clock/timestamp.h"
#include "sdk/json/reader.h"

namespace lockstep::protocol {

namespace {

// {"status": 1, "quota_limited": ["events"]}: accepted and thrown away.
bool over_quota(const std::string& body) {
  if (body.find("quota_limited") == std::string::npos) return false;
  if (nests_too_deep(body) || !is_json(body)) return false;
  return has_item(find_member(body, "quota_limited").value_or(""), "events");
}

}  // namespace

http::Request encode_whole_batch(const ProtocolConfig& config, std::string_view path,
                                 const BatchContext& context) {
  http::Request request = make_post(config, path);
  JsonWriter key;
  key.string(config.api_key);
  std::string& body = request.body;
  body.reserve(context.batch.bytes + key.size());
  body += R"({"api_key":)";
  body += key.text();
  body += R"(,"sent_at":")";
  body += to_rfc3339(context.now.wall);
  body += '"';
  append_batch(context.batch, body);
  body += '}';
  return request;
}

engine::Verdict interpret_whole_batch(const ProtocolConfig& config, const http::Response& response,
                                      WallTime now) {
  engine::Verdict verdict = classify(response, now, config.api_key);
  if (verdict.kind == engine::Verdict::Kind::delivered && over_quota(response.body)) {
    verdict.kind = engine::Verdict::Kind::drop;
    verdict.reason = DropReason::quota_limited;
    verdict.detail = "the server is over its quota and keeps nothing of this request";
  }
  return verdict;
}

}  // namespace lockstep::protocol
