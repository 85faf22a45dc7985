// Segment's batch API, POST /v1/batch.
//
// Events of the SDK's own naming become the message that Segment has for them: $identify, alias,
// group, page and screen; all others are tracks. A message's id and timestamp are the event's and
// never change; the batch's messageId stays over the attempts, and sentAt is that of the attempt,
// because the server corrects timestamps by it.

#include <algorithm>
#include <array>

#include "clock/timestamp.h"
#include "sdk/codec/base64.h"
#include "sdk/json/reader.h"
#include "sdk/protocol/common.h"

namespace lockstep {

namespace {

// How one kind of event is written.
struct MessageKind {
  std::string_view event;    // its name in the SDK; empty: any other
  std::string_view type;     // the message's
  std::string_view content;  // the member that holds its properties
  std::string_view object;   // the property whose members belong there too
  std::string_view id;       // a member of the message, taken from a property of another name
  std::string_view id_from;
};
constexpr std::array<MessageKind, 6> kKinds{{
    {"$identify", "identify", "traits", "$set", {}, {}},
    {"$groupidentify", "group", "traits", "$group_set", "groupId", "$group_key"},
    {"$create_alias", "alias", {}, {}, "previousId", "alias"},
    {"$pageview", "page", "properties", {}, "name", "name"},
    {"$screen", "screen", "properties", {}, "name", "$screen_name"},
    {{}, "track", "properties", {}, {}, {}},
}};

std::string value_json(const PropertyList& properties, std::size_t i) {
  JsonWriter json;
  properties.write_value(i, json);
  return std::string(json.text());
}

// The value of that name as JSON; empty where there is none.
std::string find_json(const PropertyList& properties, std::string_view name) {
  for (std::size_t i = 0; i < properties.size(); ++i) {
    if (properties.name(i) == name && !properties.shadowed(i)) return value_json(properties, i);
  }
  return {};
}

bool is_text(std::string_view json) { return json.starts_with('"'); }
bool is_object(std::string_view json) { return json.starts_with('{'); }

// An event that lacks what its kind cannot do without, an id that is a text, is any other.
const MessageKind& kind_of(std::string_view event, const PropertyList& properties) {
  const auto found = std::find_if(kKinds.begin(), kKinds.end() - 1,
                                  [&](const MessageKind& kind) { return kind.event == event; });
  const bool needs_id = found->id == "groupId" || found->id == "previousId";
  return needs_id && !is_text(find_json(properties, found->id_from)) ? kKinds.back() : *found;
}

// Properties that are members of the message, where they have the shape that these must have.
struct Lifted {
  std::string_view property;
  std::string_view member;
  bool (*fits)(std::string_view json);
};
constexpr std::array<Lifted, 3> kLifted{{
    {"$anon_distinct_id", "anonymousId", is_text},
    {"$context", "context", is_object},
    {"$integrations", "integrations", is_object},
}};

const Lifted* find_lifted(std::string_view property) {
  const auto found = std::find_if(kLifted.begin(), kLifted.end(), [&](const Lifted& lifted) {
    return lifted.property == property;
  });
  return found == kLifted.end() ? nullptr : &*found;
}

bool is_lifted(const MessageKind& kind, const PropertyList& properties, std::string_view name) {
  if (name == "$process_person_profile") return true;
  if (!kind.id_from.empty() && name == kind.id_from) return is_text(find_json(properties, name));
  const Lifted* lifted = find_lifted(name);
  return lifted != nullptr && lifted->fits(find_json(properties, name));
}

// Adds the members of an object, but for those that are there already.
void add_members(Properties& traits, std::string_view object) {
  for (JsonItems members(object); members.next();) {
    const auto name = string_value(members.name());
    if (name && !traits.has(*name)) traits.set(*name, Json{members.value()});
  }
}

// Of an identify or a group: what is set, then what is set only once, then plain properties.
Properties traits_of_event(const MessageKind& kind, const PropertyList& properties) {
  Properties traits;
  add_members(traits, find_json(properties, kind.object));
  add_members(traits, find_json(properties, "$set_once"));
  for (std::size_t i = 0; i < properties.size(); ++i) {
    const std::string_view name = properties.name(i);
    if (name.starts_with('$') || traits.has(name) || properties.shadowed(i)) continue;
    traits.set(name, Json{value_json(properties, i)});
  }
  return traits;
}

class Segment final : public Protocol {
 public:
  explicit Segment(ProtocolConfig config) : config_(std::move(config)) {}

  std::string_view name() const noexcept override { return "segment"; }

  std::size_t render(const EventView& event, JsonWriter& out) const override {
    const MessageKind& kind = kind_of(event.name, event.properties);
    bool first = true;
    out.raw('{');
    out.member("type", first);
    out.string(kind.type);
    out.member("messageId", first);
    const std::size_t uuid_at = out.size() + 1;
    protocol::write_uuid(event.uuid, out);
    out.member("timestamp", first);
    protocol::write_time(event.timestamp, out);
    write_ids(event, out, first);
    if (kind.event.empty()) {
      out.member("event", first);
      out.string(event.name);
    }
    write_lifted(kind, event.properties, out, first);
    write_content(kind, event.properties, out, first);
    out.raw('}');
    return uuid_at;
  }

  http::Request encode(const BatchContext& context) const override {
    http::Request request = protocol::make_post(config_, "/v1/batch");
    request.headers.set("Authorization", "Basic " + base64(config_.api_key + ':'));
    std::string& body = request.body;
    body.reserve(context.batch.bytes);
    body += R"({"messageId":")";
    body += context.request_id.to_string();
    body += R"(","sentAt":")";
    body += to_rfc3339(context.now.wall);
    body += R"(","context":{"library":{"name":")";
    body += protocol::kLibraryName;
    body += R"(","version":")";
    body += protocol::kLibraryVersion;
    body += R"("}},"batch":)";
    protocol::append_events(context.batch, body);
    body += '}';
    return request;
  }

  // Segment answers for a batch as a whole, and 200 even for messages that it throws away later.
  engine::Verdict interpret(const engine::Batch&, const http::Response& response,
                            WallTime now) const override {
    engine::Verdict verdict = protocol::classify(response, now, config_.api_key);
    if (response.status == 429 && !verdict.pause) {
      verdict.pause = protocol::retry_after(response.headers, now, "X-RateLimit-Reset");
    }
    return verdict;
  }

 private:
  // Whom the message is about. An event that makes no person profile is an anonymous one's.
  static void write_ids(const EventView& event, JsonWriter& out, bool& first) {
    const bool anonymous =
        (event.options != nullptr && event.options->process_person_profile == false) ||
        find_json(event.properties, "$process_person_profile") == "false";
    const bool is_named_twice =
        anonymous && is_text(find_json(event.properties, "$anon_distinct_id"));
    if (is_named_twice) return;
    out.member(anonymous ? "anonymousId" : "userId", first);
    out.string(event.distinct_id);
  }

  static void write_lifted(const MessageKind& kind, const PropertyList& properties, JsonWriter& out,
                           bool& first) {
    const auto lift = [&](std::string_view property, std::string_view member) {
      if (!is_lifted(kind, properties, property)) return;
      out.member(member, first);
      out.raw(find_json(properties, property));
    };
    if (!kind.id.empty()) lift(kind.id_from, kind.id);
    for (const Lifted& lifted : kLifted) lift(lifted.property, lifted.member);
  }

  void write_content(const MessageKind& kind, const PropertyList& properties, JsonWriter& out,
                     bool& first) const {
    if (kind.content.empty()) return;
    JsonWriter content;
    bool none = true;
    if (!kind.object.empty()) {
      content.members(traits_of_event(kind, properties), none);
    } else {
      const auto skip = [&](std::string_view name) { return is_lifted(kind, properties, name); };
      protocol::write_own(properties, content, none, skip);
      protocol::write_added(config_, properties, content, none, skip);
    }
    if (none) return;
    out.member(kind.content, first);
    out.raw('{');
    out.raw(content.text());
    out.raw('}');
  }

  ProtocolConfig config_;
};

}  // namespace

std::unique_ptr<Protocol> make_segment(ProtocolConfig config) {
  return std::make_unique<Segment>(std::move(config));
}

}  // namespace lockstep
