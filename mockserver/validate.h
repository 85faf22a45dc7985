// Strict mode: what ingestion would say about a request, PostHog's or that of Segment or
// Confidence.
//
// The rule of this file: a pure function of the request. What the real service refuses becomes a
// refusal or a drop, with its tag; what it lets pass, but no SDK should send, becomes a violation
// only. Sources: PostHog's capture service (router.rs, v1/analytics/types.rs) and the shared SDK
// suite's contract; Segment's documents of its HTTP API; Confidence's events/v1 protocol buffers
// and the JSON mapping of proto3.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mockserver/ingest.h"
#include "mockserver/limits.h"

namespace lockstep::mock {

struct Refusal {
  int status = 400;
  std::string tag;          // "empty_batch"
  std::string description;  // for people
};

struct Judgement {
  std::optional<Refusal> refusal;  // of the whole request
  // Capture v1 and Segment: tags of single events that a 200 throws away, by index.
  std::map<std::size_t, std::string> drops;
  std::vector<std::string> violations;  // what is wrong, refusal and drops included
};

Judgement judge(const ParsedRequest& request, const IngestLimits& limits);

// Capture v1's part of judge().
Judgement judge_v1(const ParsedRequest& request, const IngestLimits& limits);

// Of Segment's and of Confidence's.
Judgement judge_segment(const ParsedRequest& request, const IngestLimits& limits);
Judgement judge_confidence(const ParsedRequest& request, const IngestLimits& limits);

// --- shared by the files of the implementation --------------------------------------------------

// Whether the object has a text under that key, and not an empty one.
bool has_text(const nlohmann::json& object, const char* key);
// RFC 3339 with an upper-case T, as every PostHog SDK writes it.
bool is_timestamp(std::string_view text);
bool is_utc(std::string_view timestamp);
// Sets the refusal, the first one stays, and notes the violation.
void refuse(Judgement& judgement, int status, std::string tag, std::string description);
// What keeps any body from being read: encoding, size, JSON, repeated keys. True when it can be
// read.
bool check_body(const ParsedRequest& request, Judgement& judgement);

}  // namespace lockstep::mock
