#include "mockserver/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "clock/timestamp.h"
#include "mockserver/json_text.h"

namespace lockstep::mock {

namespace {

using Json = nlohmann::json;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

Json joined_headers(const http::Headers& headers) {
  Json joined = Json::object();
  for (const http::Header& header : headers) {
    Json& value = joined[lower(header.name)];
    value = value.is_null() ? header.value : value.get<std::string>() + ", " + header.value;
  }
  return joined;
}

Json listed_headers(const http::Headers& headers) {
  Json list = Json::array();
  for (const http::Header& header : headers) {
    list.push_back({{"name", header.name}, {"value", header.value}});
  }
  return list;
}

// First value per name, as the suite's mock has them.
Json query_parameters(const std::string& query) {
  Json parameters = Json::object();
  for (std::size_t begin = 0; begin < query.size();) {
    const std::size_t end = std::min(query.find('&', begin), query.size());
    const std::string name = query.substr(begin, query.find_first_of("=&", begin) - begin);
    const auto value = http::query_parameter(query, name);
    if (!name.empty() && value) parameters.emplace(name, *value);
    begin = end + 1;
  }
  return parameters;
}

double milliseconds(Duration length) { return static_cast<double>(length.count()) / 1e6; }

// The events in the four forms of a body; null where it has none, or was not kept whole.
Json parsed_events(const JournalEntry& entry) {
  if (!entry.event_count || entry.body_cut) return nullptr;
  const JsonText read = read_json(entry.body);
  if (!read.value) return nullptr;
  const Json& body = *read.value;
  if (body.is_array()) return body;
  for (const char* key : {list_member(entry.route), "data"}) {
    if (body.contains(key) && body[key].is_array()) return body[key];
  }
  return Json::array({body});
}

}  // namespace

Json to_json(const JournalEntry& entry) {
  Json json{{"timestamp_ms", entry.timestamp_ms()},
            {"method", entry.method},
            {"path", entry.path},
            {"headers", joined_headers(entry.headers)},
            {"query_params", query_parameters(entry.query)},
            {"body_decompressed", entry.decode_error ? Json(nullptr) : Json(entry.body)},
            {"parsed_events", parsed_events(entry)},
            {"response_status", entry.status},
            {"number", entry.number},
            {"at_ns", entry.arrival.at.time_since_epoch().count()},
            {"test_id", entry.test_id},
            {"route", to_string(entry.route)},
            {"encoded_size", entry.encoded_size},
            {"decoded_size", entry.decoded_size},
            {"event_count", entry.event_count ? Json(*entry.event_count) : Json(nullptr)},
            {"uuids", entry.uuids},
            {"event_names", entry.event_names},
            {"attempt", entry.attempt},
            {"response_headers", listed_headers(entry.response_headers)},
            {"response_body", entry.response_body},
            {"delay_ms", milliseconds(entry.delay)},
            {"fault", fault_name(entry.fault)},
            {"processed", entry.processed}};
  if (entry.decode_error) json["decode_error"] = *entry.decode_error;
  if (!entry.decode_note.empty()) json["decode_note"] = entry.decode_note;
  if (entry.body_cut) json["body_cut"] = true;
  if (!entry.note.empty()) json["note"] = entry.note;
  return json;
}

Json to_json(const StoredEvent& event) {
  return {{"uuid", event.uuid},
          {"event", event.name},
          {"distinct_id", event.distinct_id},
          {"timestamp", event.timestamp},
          {"day", event.day},
          {"test_id", event.test_id},
          {"route", to_string(event.route)},
          {"json", Json::parse(event.bytes)},
          {"first_arrival", to_rfc3339(event.first_arrival.wall)},
          {"requests", event.requests},
          {"same_bytes", event.same_bytes}};
}

Json to_json(const Violation& violation) {
  return {{"request", violation.request}, {"test_id", violation.test_id}, {"text", violation.text}};
}

Json to_json(const PartitionSummary& partition) {
  return {{"test_id", partition.test_id},
          {"requests", partition.requests},
          {"dropped_requests", partition.dropped_requests},
          {"queued_responses", partition.queued_responses},
          {"stored_events", partition.stored_events},
          {"violations", partition.violations},
          {"unfinished_sequences", partition.unfinished_sequences}};
}

}  // namespace lockstep::mock
