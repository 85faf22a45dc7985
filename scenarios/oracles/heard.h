// What a client has heard of its requests, read from what the server answered and from what became
// of the answer on its way, not from what the SDK made of it.
#pragma once

#include <optional>
#include <vector>

#include "scenarios/oracles/oracle.h"

namespace lockstep::scenario {

struct ClientLimits;

// The word on each event of a request that has ended.
std::vector<Word> words_of(const EndedRequest& request, const World& world);

// Whether the request as a whole has failed: the endpoint is in trouble, and owes a backoff.
bool is_trouble(const EndedRequest& request);
// Whether some of its events go again.
bool goes_again(const EndedRequest& request);

// For how long its answer asks in a way that leaves no doubt: one Retry-After, in seconds, however
// many, or a date of the form that servers send ("Wed, 01 Jan 2025 00:10:00 GMT"), which counts
// from what the wall clock shows as the answer comes, which is now. Only of a request that has
// arrived.
std::optional<Duration> plain_retry_after(const EndedRequest& request, World& world);

}  // namespace lockstep::scenario
