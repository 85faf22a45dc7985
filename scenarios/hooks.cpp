#include "scenarios/hooks.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

namespace lockstep::scenario {

void observe_outcomes(Options& options, std::function<void()> observer) {
  options.on_outcome = [before = std::move(options.on_outcome),
                        observer = std::move(observer)](const Outcome& outcome) {
    if (before) before(outcome);
    observer();
  };
}

namespace {

constexpr Duration kLong = std::chrono::minutes{1};

// Calls `action` on the first outcome only: an action that makes events end would never stop.
void once_on_outcome(Options& options, const HookSite& site,
                     const std::function<void(Client&)>& action) {
  observe_outcomes(options, [done = std::make_shared<bool>(false), client = site.client, action] {
    if (std::exchange(*done, true)) return;
    action(client());
  });
}

void drop_all(Options& options, const HookSite&) {
  options.before_send.push_back([](Event&) { return false; });
}

void drop_named_secret(Options& options, const HookSite&) {
  options.before_send.push_back([](Event& event) { return event.name != "secret"; });
}

void throw_always(Options& options, const HookSite&) {
  options.before_send.push_back([](Event&) -> bool { throw std::runtime_error("hook failed"); });
}

void mark_first(Options& options, const HookSite&) {
  options.before_send.push_back(
      [](Event& event) { return event.properties.set("hooks", "first"); });
}

// Sees what the hook before it left, so the two tell their order.
void mark_second(Options& options, const HookSite&) {
  options.before_send.push_back([](Event& event) {
    const auto before = event.properties.json("hooks");
    return event.properties.set("hooks", before == "\"first\"" ? "first second" : "second alone");
  });
}

void rename_event(Options& options, const HookSite&) {
  options.before_send.push_back([](Event& event) {
    event.name = "renamed";
    event.distinct_id = "somebody";
    return true;
  });
}

void empty_name(Options& options, const HookSite&) {
  options.before_send.push_back([](Event& event) {
    event.name.clear();
    return true;
  });
}

void flush_in_before_send(Options& options, const HookSite& site) {
  options.before_send.push_back([client = site.client](Event&) {
    (void)client().flush(kLong);
    return true;
  });
}

void flush_in_on_outcome(Options& options, const HookSite& site) {
  once_on_outcome(options, site, [](Client& client) { (void)client.flush(kLong); });
}

void shutdown_in_on_outcome(Options& options, const HookSite& site) {
  once_on_outcome(options, site, [](Client& client) { (void)client.shutdown(kLong); });
}

void capture_in_on_outcome(Options& options, const HookSite& site) {
  once_on_outcome(options, site,
                  [](Client& client) { (void)client.capture("hook", "captured in on_outcome"); });
}

void throw_in_on_outcome(Options& options, const HookSite& site) {
  once_on_outcome(options, site, [](Client&) { throw std::runtime_error("observer failed"); });
}

// Makes a client beside the one that has the hook, with an event on its way.
void begin_another(const HookSite& site, std::function<void()> on_outcome = nullptr) {
  Client& another = site.make_another(std::move(on_outcome));
  (void)another.capture("another", "captured by another");
  (void)another.begin_flush(kLong);
}

// Its request is on its way by a later instant.
void end_another_in_on_request(Options& options, const HookSite& site) {
  options.on_request = [site, since = std::optional<Instant>()](const RequestReport&) mutable {
    if (!since) {
      since = site.now();
      begin_another(site);
    } else if (site.now() > *since) {
      since.reset();
      site.end_another();
    }
  };
}

void end_another_in_before_send(Options& options, const HookSite& site) {
  options.before_send.push_back([site](Event&) {
    if (!site.end_another()) begin_another(site);
    return true;
  });
}

void another_ends_itself(Options& options, const HookSite& site) {
  observe_outcomes(options, [site, was_made = std::make_shared<bool>(false)] {
    if (!std::exchange(*was_made, true)) begin_another(site, site.end_another);
  });
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
    {"end_another_in_on_request",
     "on_request: makes another client, NAME-other, which captures; the end of a later request "
     "destroys it",
     end_another_in_on_request},
    {"end_another_in_before_send",
     "before_send: makes another client, NAME-other, which captures; the next event destroys it",
     end_another_in_before_send},
    {"another_ends_itself",
     "on_outcome: makes another client, NAME-other, which its own on_outcome destroys",
     another_ends_itself},
};

}  // namespace

std::span<const Hook> hooks() { return kHooks; }

const Hook* find_hook(std::string_view name) {
  const auto found = std::find_if(std::begin(kHooks), std::end(kHooks),
                                  [&](const Hook& hook) { return hook.name == name; });
  return found == std::end(kHooks) ? nullptr : found;
}

}  // namespace lockstep::scenario
