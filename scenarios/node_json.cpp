#include "scenarios/node_json.h"

#include <nlohmann/json.hpp>

namespace lockstep::scenario {

using nlohmann::json;

namespace {

// As a reader of JSON has it, to whom what is not negative has no sign.
json whole_number(std::int64_t number) {
  if (number < 0) return number;
  return static_cast<std::uint64_t>(number);
}

}  // namespace

json json_of(const Node& node) {
  switch (node.kind()) {
    case Node::Kind::null:
    case Node::Kind::include:
      return nullptr;
    case Node::Kind::boolean:
      return node.boolean();
    case Node::Kind::integer:
      return whole_number(node.integer());
    case Node::Kind::real:
      return json::parse(node.to_json());  // 1.0 is written as 1, and infinity as null
    case Node::Kind::text:
      return node.text();
    case Node::Kind::list: {
      json list = json::array();
      for (const Node& item : node.items()) list.push_back(json_of(item));
      return list;
    }
    case Node::Kind::map: {
      json map = json::object();
      for (const Node::Entry& entry : node.entries()) map.emplace(entry.key, json_of(entry.value));
      return map;
    }
  }
  return nullptr;
}

}  // namespace lockstep::scenario
