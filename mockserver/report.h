// Journals, rows, violations and partitions as JSON, for the admin API and for reports.
//
// The rule of this file: the shared suite's names for what its journal has, our own beside them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "mockserver/server.h"

namespace lockstep::mock {

// timestamp_ms, method, path, headers (names in lower case; repeated ones joined by ", "),
// query_params, body_decompressed, parsed_events, response_status as the shared suite's mock has
// them; then number, at_ns, test_id, route, encoded_size, decoded_size, event_count, uuids,
// event_names, attempt, response_headers (a list), response_body, delay_ms, fault, processed, and,
// where they say something, decode_error, decode_note, body_cut and note.
nlohmann::json to_json(const JournalEntry& entry);
nlohmann::json to_json(const StoredEvent& event);
nlohmann::json to_json(const Violation& violation);
nlohmann::json to_json(const PartitionSummary& partition);

}  // namespace lockstep::mock
