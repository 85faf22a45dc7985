// What `lockstep prove` enumerates: how many events and faults, which answers, which deadlines.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "clock/time.h"
#include "sdk/engine/config.h"

namespace lockstep::prove {

// What can become of a request. All but `ok` are faults.
enum class Answer : std::uint8_t {
  ok,           // 200, every event taken
  lost,         // the server took every event; its answer never arrives
  refused,      // the server never saw the request
  unavailable,  // 503
  slow_down,    // 429 with kRetryAfter
  rejected,     // 400
  too_large,    // 413
  partial,      // 200, and a verdict for each event of its own
};
std::string_view to_string(Answer answer) noexcept;

// What slow_down asks for. More than the scopes' max_retry_after: the cap is part of what is shown.
inline constexpr Duration kRetryAfter = std::chrono::milliseconds{25};

struct Scope {
  std::string name;
  std::string about;  // for people: one line
  std::uint32_t events = 2;
  std::uint32_t faults = 2;
  std::vector<Answer> answers;
  // With these times to go; each scope calls either at most once, at any moment.
  std::vector<Duration> flush_deadlines;
  std::vector<Duration> shutdown_deadlines;
  engine::Config config;
};

// Retry, partial batch, size, flush, shutdown, full queue: each small enough for every merge.
std::vector<Scope> standard_scopes();

}  // namespace lockstep::prove
