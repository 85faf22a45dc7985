// What the endpoints share that answer for a batch as a whole: /batch/, /i/v0/ai/batch/ and /e/.
// `sent_at` is written anew for each attempt: the server corrects timestamps by it, so a frozen one
// would shift every retried event by the whole backoff.
#pragma once

#include <string_view>

#include "sdk/protocol/common.h"

namespace lockstep::protocol {

// Writes an event's properties, but for those that `skip(name)` holds of. There is no options
// object here: options travel as properties. The event's own property of that name comes first,
// then its option, then what is added to every event.
template <typename Skip>
void write_properties(const ProtocolConfig& config, const EventView& event, JsonWriter& out,
                      bool& first, Skip skip) {
  write_own(event.properties, out, first, skip);
  for (const OptionName& name : kOptionNames) {
    if (!is_set(name, event.options) || event.properties.has(name.property)) continue;
    out.member(name.property, first);
    write_option(name, *event.options, out);
  }
  write_added(config, event.properties, out, first, [&](std::string_view added) {
    const OptionName* name = find_option(added);
    return skip(added) || (name != nullptr && is_set(*name, event.options));
  });
}

// {"api_key", "sent_at", "batch"} to the host's `path`.
http::Request encode_whole_batch(const ProtocolConfig& config, std::string_view path,
                                 const BatchContext& context);

// By status; and a 200 that says the server is over its quota has thrown the batch away.
engine::Verdict interpret_whole_batch(const ProtocolConfig& config, const http::Response& response,
                                      WallTime now);

}  // namespace lockstep::protocol
