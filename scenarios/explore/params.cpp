#include "scenarios/explore/params.h"

#include "scenarios/schema.h"

namespace lockstep::explore {

using scenario::Node;

Node number(std::int64_t value) { return Node::integer(value, {}); }
Node text(std::string value) { return Node::quoted(std::move(value), {}); }
Node boolean(bool value) { return Node::plain(value ? "true" : "false", {}); }
Node nothing() { return Node::plain("null", {}); }
Node duration(Duration value) { return Node::quoted(scenario::to_text(value), {}); }

Node list(std::vector<Node> items) {
  Node made = Node::list({});
  made.items() = std::move(items);
  return made;
}

Params& Params::with(std::string_view key, Node value) & {
  map_.entries().push_back({std::string(key), {}, std::move(value)});
  return *this;
}

Params&& Params::with(std::string_view key, Node value) && {
  with(key, std::move(value));
  return std::move(*this);
}

}  // namespace lockstep::explore
