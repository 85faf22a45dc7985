#include "scenarios/hooks.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>

namespace lockstep::scenario {

namespace {

using Find = std::function<Client&()>;

constexpr Duration kLong = std::chrono::minutes{1};

// Calls `action` on the first outcome only: an action that makes events end would never stop.
void once_on_outcome(Options& options, const Find& find,
                     const std::function<void(Client&)>& action) {
  auto before = std::move(options.on_outcome);
  auto done = std::make_shared<bool>(false);
  options.on_outcome = [before, done, find, action](const Outcome& outcome) {
    if (before) before(outcome);
    if (std::exchange(*done, true)) return;
    action(find());
  };
}

void drop_all(Options& options, const Find&) {
  options.before_send.push_back([](Event&) { return false; });
}

void drop_named_secret(Options& options, const Find&) {
  options.before_send.push_back([](Event& event) { return event.name != "secret"; });
}

void throw_always(Options& options, const Find&) {
  options.before_send.push_back([](Event&) -> bool { throw std::runtime_error("hook failed"); });
}

void mark_first(Options& options, const Find&) {
  options.before_send.push_back(
      [](Event& event) { return event.properties.set("hooks", "first"); });
}

// Sees what the hook before it left, so the two tell their order.
void mark_second(Options& options, const Find&) {
  options.before_send.push_back([](Event& event) {
    const auto before = event.properties.json("hooks");
    return event.properties.set("hooks", before == "\"first\"" ? "first second" : "second alone");
  });
}

void rename_event(Options& options, const Find&) {
  options.before_send.push_back([](Event& event) {
    event.name = "renamed";
    event.distinct_id = "somebody";
    return true;
  });
}

void empty_name(Options& options, const Find&) {
  options.before_send.push_back([](Event& event) {
    event.name.clear();
    return true;
  });
}

void flush_in_before_send(Options& options, const Find& find) {
  options.before_send.push_back([find](Event&) {
    (void)find().flush(kLong);
    return true;
  });
}

void flush_in_on_outcome(Options& options, const Find& find) {
  once_on_outcome(options, find, [](Client& client) { (void)client.flush(kLong); });
}

void shutdown_in_on_outcome(Options& options, const Find& find) {
  once_on_outcome(options, find, [](Client& client) { (void)client.shutdown(kLong); });
}

void capture_in_on_outcome(Options& options, const Find& find) {
  once_on_outcome(options, find,
                  [](Client& client) { (void)client.capture("hook", "captured in on_outcome"); });
}

void throw_in_on_outcome(Options& options, const Find& find) {
  once_on_outcome(options, find, [](Client&) { throw std::runtime_error("observer failed"); });
}

constexpr Hook kHooks[] = {
    {"drop_all", "before_send: drops every event", drop_all, true},
    {"drop_secret", "before_send: drops events named \"secret\"", drop_named_secret},
    {"throw", "before_send: throws", throw_always, true},
    {"mark_first", "before_send: sets the property hooks to \"first\"", mark_first},
    {"mark_second", "before_send: appends \"second\" to what mark_first left", mark_second},
    {"rename", "before_send: changes name and distinct_id", rename_event},
    {"empty_name", "before_send: makes the name empty, which is not allowed", empty_name},
    {"flush_in_before_send", "before_send: calls flush()", flush_in_before_send},
    {"flush_in_on_outcome", "on_outcome: calls flush() once", flush_in_on_outcome},
    {"shutdown_in_on_outcome", "on_outcome: calls shutdown() once", shutdown_in_on_outcome},
    {"capture_in_on_outcome", "on_outcome: captures one event", capture_in_on_outcome},
    {"throw_in_on_outcome", "on_outcome: throws once", throw_in_on_outcome},
};

}  // namespace

std::span<const Hook> hooks() { return kHooks; }

const Hook* find_hook(std::string_view name) {
  const auto found = std::find_if(std::begin(kHooks), std::end(kHooks),
                                  [&](const Hook& hook) { return hook.name == name; });
  return found == std::end(kHooks) ? nullptr : found;
}

}  // namespace lockstep::scenario
