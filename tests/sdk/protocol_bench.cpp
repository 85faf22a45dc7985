#include "tests/sdk/protocol_bench.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

namespace lockstep {

namespace {

using nlohmann::json;

// Parses and refuses objects that name a member twice, which a plain parse would hide.
json parse_strictly(std::string_view text) {
  std::vector<std::set<std::string>> names;
  const auto watch = [&](int, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key) {
      const std::string name = parsed.get<std::string>();
      EXPECT_TRUE(names.back().insert(name).second) << "member " << name << " twice in " << text;
    }
    return true;
  };
  json parsed = json::parse(text, watch, false);
  EXPECT_FALSE(parsed.is_discarded()) << "not JSON: " << text;
  return parsed;
}

json rendered(const Protocol& protocol, const EventView& view) {
  JsonWriter out;
  const std::size_t uuid_at = protocol.render(view, out);
  EXPECT_EQ(out.text().substr(uuid_at, Uuid::kTextLength), view.uuid.to_string());
  return parse_strictly(out.text());
}

}  // namespace

Options protocol_options() {
  Options options;
  options.api_key = kKey;
  options.host = "https://eu.example.com";
  return options;
}

Uuid nth_uuid(std::uint64_t n) { return make_uuid_v4(n + 1, n + 1); }

json rendered(const Protocol& protocol, const Event& event) {
  return rendered(protocol,
                  {event.name, event.distinct_id, event.uuid.value_or(nth_uuid(0)),
                   event.timestamp.value_or(kMidnight), event.properties, &event.options});
}

json rendered(const Protocol& protocol, std::span<const Property> properties) {
  return rendered(protocol, {"event", "user", nth_uuid(0), kMidnight, properties, nullptr});
}

engine::Batch make_batch(const Protocol& protocol, std::size_t count, Lane lane) {
  engine::Batch batch;
  batch.number = 7;
  batch.lane = lane;
  batch.created_at = kMidnight;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string name = "event " + std::to_string(i);
    const Properties none;
    JsonWriter out;
    const std::size_t uuid_at =
        protocol.render({name, "user", nth_uuid(i), kMidnight, none, nullptr}, out);
    batch.events.emplace_back(out.text(), uuid_at, lane);
    batch.bytes += out.size() + 1;
  }
  return batch;
}

http::Response response(int status, std::string body, http::Headers headers) {
  return {status, std::move(headers), std::move(body)};
}

}  // namespace lockstep
