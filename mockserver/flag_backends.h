// The endpoints of the flag backends: OFREP, Unleash's frontend API, LaunchDarkly's relay, Statsig,
// and PostHog's /flags. Each answers from the script's flags as the real one does, traps included:
// Unleash leaves out what is not enabled, an unknown gate of Statsig's says false, and an ETag
// names the flags' version, not the context that they were evaluated for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "mockserver/flag_book.h"
#include "mockserver/ingest.h"
#include "mockserver/route.h"
#include "mockserver/script.h"

namespace lockstep::mock {

// The route to one of them; RouteMatch::Kind::unknown for any other path.
RouteMatch find_flag_route(std::string_view method, std::string_view path);

// On each answer that was made from the flags of the script, and on no other: their version, as
// FlagBook::etag has it.
inline constexpr std::string_view kFlagsVersionHeader = "X-Flags-Version";

// Whom a request asks about, and what.
struct FlagQuestion {
  std::string subject;
  std::string context;            // all that it says of the subject, in the words of its backend
  std::vector<std::string> keys;  // none: all flags
};
FlagQuestion flag_question(const ParsedRequest& request);

// Fills in what a step that succeeds leaves open: status, headers and body. Leaves others alone,
// and PostHog's /flags where the script has no flags.
void answer_flags(const ParsedRequest& request, const FlagBook& flags, Step& step);

}  // namespace lockstep::mock
