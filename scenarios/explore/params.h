// Parameters of steps, put together in code instead of read from a file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clock/time.h"
#include "scenarios/node.h"

namespace lockstep::explore {

scenario::Node number(std::int64_t value);
scenario::Node text(std::string value);
scenario::Node boolean(bool value);
scenario::Node nothing();
scenario::Node duration(Duration value);
scenario::Node list(std::vector<scenario::Node> items);

// A map: Params().with("count", number(3)).node()
class Params {
 public:
  Params() { map_.entries().reserve(kUsual); }

  Params&& with(std::string_view key, scenario::Node value) &&;
  Params& with(std::string_view key, scenario::Node value) &;
  Params&& with(std::string_view key, std::int64_t value) && {
    return std::move(*this).with(key, number(value));
  }
  Params& with(std::string_view key, std::int64_t value) & { return with(key, number(value)); }
  scenario::Node node() && { return std::move(map_); }
  const scenario::Node& node() const& { return map_; }

 private:
  static constexpr std::size_t kUsual = 4;  // so many parameters most steps have at most

  scenario::Node map_ = scenario::Node::map({});
};

}  // namespace lockstep::explore
