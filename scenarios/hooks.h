// Hooks that scenarios install by name, for what no endpoint can express: callbacks that change,
// drop or throw, and callbacks that call back into their client.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "sdk/client.h"
#include "sdk/options.h"

namespace lockstep::scenario {

struct Hook {
  std::string_view name;
  std::string_view help;
  // Adds the hook to the options. `client` finds the client once it exists.
  void (*install)(Options& options, const std::function<Client&()>& client);
  bool ends_all = false;  // no event passes it
};

std::span<const Hook> hooks();
// nullptr when there is no such hook.
const Hook* find_hook(std::string_view name);

}  // namespace lockstep::scenario
