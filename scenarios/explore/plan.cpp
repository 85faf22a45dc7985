#include "scenarios/explore/plan.h"

#include <algorithm>
#include <string>

#include "scenarios/action.h"
#include "scenarios/explore/choices.h"
#include "scenarios/explore/family.h"
#include "scenarios/explore/params.h"
#include "scenarios/world.h"

namespace lockstep::explore {

using scenario::Scenario;
using scenario::World;

namespace {

// Long enough for every pause and every retry of a client that waits its worst.
constexpr Duration kConvergence = std::chrono::hours{24 * 30};

// Each is on in half of the runs, and in some runs every one is.
bool is_on(const Choices& run, const Family& family, Capture capture) {
  if (family.only && *family.only != capture) return false;
  if (family.always || run.one_in(family.name, 2)) return true;
  // A choice that has one outcome: a tape of a time before there was the family does not name it.
  return run.one_in("all families", 16) && run.one_in(family.name, 1, 1);
}

// Rows hold fixed slots of a larger number, and what falls on none, or on a family that is off, is
// drawn again: a row that is added at the end of its table leaves the choices of others alone.
const Family& drawn(const Choices& operation, const Choices& run, Capture capture,
                    std::span<const Family> applications) {
  constexpr std::uint64_t kSlots = 64;
  constexpr std::uint64_t kTries = 64;
  for (std::uint64_t attempt = 0; attempt < kTries; ++attempt) {
    const bool is_fault = operation.one_in("family is a fault", 2, attempt);
    std::uint64_t slot = operation.below("family slot", kSlots, attempt);
    for (const Family& family : is_fault ? fault_families() : applications) {
      if (slot >= family.weight) {
        slot -= family.weight;
        continue;
      }
      if (is_on(run, family, capture)) return family;
      break;
    }
  }
  return applications.front();
}

std::span<const Family> families_of(Workload workload) {
  return workload == Workload::flags ? flag_families() : application_families();
}

// The other protocols are drawn seldom, so that the meaning of most seeds is what it was before
// there were any; `lockstep explore --capture` makes runs of one of them alone.
Capture drawn_capture(const Choices& run) {
  const Capture posthog = run.one_in("v1", 2) ? Capture::v1 : Capture::v0;
  if (!run.one_in("another protocol", 40)) return posthog;
  if (run.one_in("as a client", 3)) return Capture::client;
  return run.any_of("protocol", {Capture::segment, Capture::confidence});
}

// Seldom about flags, likewise; `lockstep explore --workload flags` makes runs of that alone.
Workload drawn_workload(const Choices& run) {
  return run.one_in("about flags", 100) ? Workload::flags : Workload::events;
}

scenario::Settings settings_of(const Choices& run, std::optional<Capture> capture) {
  scenario::Settings settings;
  settings.seed = run.below("seed", 1'000'000);
  settings.capture = capture.value_or(drawn_capture(run));
  if (run.one_in("compressed", 24)) {
    settings.compression = run.any_of(
        "codec", {Compression::gzip, Compression::deflate, Compression::br, Compression::zstd});
  }
  // A strict mock builds a value of each body, which takes time. What is tracked for Confidence may
  // have a field `context` of its own, which a strict mock takes for the context.
  settings.strict = settings.capture != Capture::confidence && run.one_in("strict", 256);
  settings.latency = run.any_of<Duration>(
      "latency", {Duration{0}, std::chrono::milliseconds{1}, std::chrono::milliseconds{1},
                  std::chrono::milliseconds{40}, std::chrono::milliseconds{120}});
  return settings;
}

}  // namespace

// Small limits, so that they are met.
scenario::Node drawn_options(const Choices& client, const RunFrame& frame) {
  const Capture capture = frame.capture;
  Params options;
  if (capture == Capture::confidence && !client.one_in("no ids", 4)) {
    options.with("event_id_field", text("event_id"));
  }
  const Duration interval = frame.never_flushes
                                ? Duration::max()
                                : client.span("flush_interval", std::chrono::seconds{20});
  options.with("flush_at", client.between("flush_at", 1, 10))
      .with("flush_interval_ms", interval / std::chrono::milliseconds{1})
      .with("max_batch_size", client.between("max_batch_size", 1, 10))
      .with("max_queue_size", client.between("max_queue_size", 3, 40))
      .with("max_in_flight", client.between("max_in_flight", 1, 4))
      .with("max_retries", client.between("max_retries", 0, 4))
      .with("request_timeout_ms",
            client.any_of<std::int64_t>("request timeout", {300, 2000, 10'000}));
  if (client.one_in("default retry", 2)) return std::move(options).node();
  const auto backoff = client.between("backoff", 1, 2000);
  options.with("retry_initial_backoff_ms", backoff)
      .with("retry_max_backoff_ms", backoff + client.between("more backoff", 0, 20'000))
      .with("retry_jitter_percent", client.between("jitter", 0, 100))
      .with("max_retry_after_ms",
            client.any_of<std::int64_t>("max_retry_after", {1000, 10'000, 3'600'000}));
  if (client.one_in("small bytes", 3)) {
    // The room that a request has around its events differs.
    const std::int64_t least = capture == Capture::confidence ? 2600 : 2500;
    options.with("max_batch_bytes", client.between("max_batch_bytes", least, 12'000))
        .with("max_event_bytes", client.between("max_event_bytes", 800, 1900))
        .with("max_ai_event_bytes", client.between("max_ai_event_bytes", 800, 1900));
    if (client.one_in("small queue", 4)) {
      options.with("max_queue_bytes", client.between("max_queue_bytes", 1900, 9000));
    }
  }
  if (client.one_in("another policy", 2)) {
    options.with("queue_full",
                 text(client.any_of<const char*>("policy", {"drop_oldest", "block"})));
  }
  // What hooks capture at the end would wait for ever.
  if (frame.never_flushes) return std::move(options).node();
  if (client.one_in("hooks", 6)) {
    options.with(
        "hooks",
        list({text(client.any_of<const char*>(
            "hook", {"flush_in_on_outcome", "shutdown_in_on_outcome", "capture_in_on_outcome",
                     "flush_in_before_send", "throw", "drop_all", "end_another_in_on_request",
                     "end_another_in_before_send", "another_ends_itself"}))}));
  } else if (client.one_in("changing hooks", 12)) {
    options.with(
        "hooks",
        list(
            {text(client.any_of<const char*>("first hook", {"rename", "mark_first", "empty_name"})),
             text(client.any_of<const char*>("second hook", {"mark_second", "throw_in_on_outcome",
                                                             "capture_in_on_outcome"}))}));
  }
  if (client.one_in("more limits", 8)) {
    options.with("max_response_bytes", client.between("max_response_bytes", 3000, 6000))
        .with("connect_timeout_ms", client.any_of<std::int64_t>("connect timeout", {100, 1000}))
        .with("shutdown_timeout_ms",
              client.any_of<std::int64_t>("shutdown timeout", {0, 500, 5000}));
  }
  return std::move(options).node();
}

namespace {

RunFrame frame_of(const Choices& run, Capture capture, Workload workload) {
  RunFrame frame;
  frame.capture = capture;
  frame.never_flushes = run.one_in("never flushes", 48);
  if (workload == Workload::flags) {
    frame.clients.emplace_back("flags");
    if (run.one_in("several providers", 4)) frame.clients.emplace_back("flags-2");
    return frame;
  }
  frame.clients.emplace_back(World::kFirstClient);
  if (run.one_in("several clients", 4)) {
    const std::uint64_t more = 1 + run.below("clients", 2);
    for (std::uint64_t i = 0; i < more; ++i) frame.clients.push_back("c" + std::to_string(i + 2));
  }
  return frame;
}

void note_family(Plan& plan, std::string_view family) {
  const auto is_known =
      std::any_of(plan.families.begin(), plan.families.end(),
                  [&](const Plan::Begun& begun) { return begun.family == family; });
  if (!is_known) plan.families.push_back({family, plan.scenario.steps.size() + 1});
}

}  // namespace

std::optional<Workload> parse_workload(std::string_view name) noexcept {
  for (std::size_t i = 0; i < kWorkloadNames.size(); ++i) {
    if (name == kWorkloadNames[i]) return static_cast<Workload>(i);
  }
  return std::nullopt;
}

Plan make_plan(const Chance& chance, std::optional<Capture> capture,
               std::optional<Workload> workload) {
  const Choices run(chance, 0);
  const Workload about = workload ? *workload : (capture ? Workload::events : drawn_workload(run));
  Plan plan;
  Scenario& scenario = plan.scenario;
  scenario.name = "explored";
  scenario.settings = settings_of(run, capture);
  const RunFrame frame = frame_of(run, scenario.settings.capture, about);
  const auto add = [&](Operation made) {
    for (scenario::Step& one : made) scenario.steps.push_back(std::move(one));
  };
  for (std::size_t i = 0; i < frame.clients.size(); ++i) {
    // Clients have operation numbers of their own, far above those of the operations.
    const Choices client(chance, 1'000'000 + i);
    add(about == Workload::flags
            ? begin_flags(client, frame.clients[i])
            : Operation{step("init", frame.clients[i], drawn_options(client, frame))});
  }
  // Most of what can happen happens in a short run, too, and there are more of them.
  const std::uint64_t longer = run.below("operations", kMostOperations - 2);
  const std::uint64_t operations = 3 + (run.below("short", 2) == 1 ? longer / 2 : longer);
  for (std::uint64_t i = 1; i <= operations; ++i) {
    const Choices operation(chance, i);
    const Family& family = drawn(operation, run, frame.capture, families_of(about));
    note_family(plan, family.name);
    add(family.make(operation, frame));
  }
  if (about == Workload::flags) {
    for (const std::string& provider : frame.clients) add(end_flags(provider));
    return plan;
  }
  if (frame.never_flushes) {
    for (const std::string& client : frame.clients) {
      add({step("start_flush", client,
                Params().with("timeout", duration(kConvergence)).with("as", text("last")).node())});
    }
  }
  scenario.steps.push_back(step("assert_converges", frame.clients.front(),
                                Params().with("within", duration(kConvergence)).node()));
  return plan;
}

ChoiceTape beginning_of(const ChoiceTape& tape, std::uint64_t operations) {
  std::vector<ChoiceTape::Choice> choices = tape.choices();
  std::erase_if(choices, [operations](const ChoiceTape::Choice& choice) {
    const std::uint64_t operation = std::get<1>(choice.first);
    return operation > operations && operation <= kMostOperations;
  });
  return ChoiceTape(std::move(choices));
}

std::vector<std::string_view> family_names(std::optional<Capture> capture, Workload workload) {
  std::vector<std::string_view> names;
  for (const auto table : {families_of(workload), fault_families()}) {
    for (const Family& family : table) {
      if (!family.only || family.only == capture) names.push_back(family.name);
    }
  }
  return names;
}

}  // namespace lockstep::explore
