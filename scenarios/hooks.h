// Hooks that scenarios install by name, for what no endpoint can express: callbacks that change,
// drop or throw, and callbacks that call back into their client.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "clock/time.h"
#include "sdk/client.h"
#include "sdk/options.h"

namespace lockstep::scenario {

// What hooks may reach from where they are.
struct HookSite {
  std::function<Client&()> client;  // the one that has the hook, once it exists
  // Makes another client on the same host, with the same options and no hooks. `on_outcome` is
  // called with each of its events' ends. What no hook ends, ends when `client` does.
  std::function<Client&(std::function<void()> on_outcome)> make_another;
  std::function<bool()> end_another;  // destroys it; false: there is none
  std::function<Instant()> now;
};

// Adds an observer behind those that the options have.
void observe_outcomes(Options& options, std::function<void()> observer);

struct Hook {
  std::string_view name;
  std::string_view help;
  // Adds the hook to the options.
  void (*install)(Options& options, const HookSite& site);
  bool ends_all = false;  // no event passes it
};

std::span<const Hook> hooks();
// nullptr when there is no such hook.
const Hook* find_hook(std::string_view name);

}  // namespace lockstep::scenario
