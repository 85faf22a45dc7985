#include "scenarios/progress.h"

#include <cstdio>
#include <ostream>
#include <string>

namespace lockstep::scenario {

namespace {

// To the line's start, and away with what stands there.
constexpr std::string_view kClear = "\r\x1b[K";

std::string elapsed(Duration time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", static_cast<double>(time.count()) / 1e9);
  return text;
}

}  // namespace

Progress::Progress(std::ostream& out, bool terminal, std::size_t total, Clock& stopwatch)
    : out_(out),
      terminal_(terminal),
      total_(total),
      stopwatch_(stopwatch),
      start_(stopwatch.now()) {}

Progress::~Progress() {
  if (written_ != Instant::min()) out_ << kClear << std::flush;
}

void Progress::ended(const Result& result) {
  const std::scoped_lock lock(mutex_);
  ++done_;
  failures_ += result.failed ? 1 : 0;
  if (!terminal_) return;
  const Instant now = stopwatch_.now();
  const bool early = written_ != Instant::min() && now - written_ < kBetween;
  if (early && done_ < total_) return;
  written_ = now;
  out_ << kClear << done_ << '/' << total_ << ", " << failures_ << " failed, "
       << elapsed(now - start_) << std::flush;
}

}  // namespace lockstep::scenario
