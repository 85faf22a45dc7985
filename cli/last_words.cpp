#include "cli/last_words.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace lockstep::cli {

namespace {

struct CurrentRun {
  std::uint64_t number = 0;
  bool from_seed = false;
  bool is_one = false;  // else the thread has begun none
};
constinit thread_local CurrentRun t_run;

// Where this thread's handlers run: of a stack that has overflowed nothing is left for them. As
// long as the thread.
class SignalStack {
 public:
  SignalStack() : room_(std::make_unique<std::byte[]>(kSize)) {
    stack_t own{};
    own.ss_sp = room_.get();
    own.ss_size = kSize;
    sigaltstack(&own, &before_);
  }
  ~SignalStack() { sigaltstack(&before_, nullptr); }
  SignalStack(const SignalStack&) = delete;
  SignalStack& operator=(const SignalStack&) = delete;

 private:
  static constexpr std::size_t kSize = std::size_t{64} << 10;

  std::unique_ptr<std::byte[]> room_;
  stack_t before_{};
};

// In a signal's handler nothing may be allocated.
class Line {
 public:
  Line& operator<<(std::string_view text) noexcept {
    const std::size_t taken = std::min(text.size(), text_.size() - size_);
    std::memcpy(text_.data() + size_, text.data(), taken);
    size_ += taken;
    return *this;
  }
  Line& operator<<(std::uint64_t number) noexcept {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    return *this << std::string_view(digits.data(), static_cast<std::size_t>(end - digits.data()));
  }
  void write() const noexcept {
    [[maybe_unused]] const ssize_t lost = ::write(STDERR_FILENO, text_.data(), size_);
  }

 private:
  std::array<char, 400> text_{};
  std::size_t size_ = 0;
};

// Returns to whatever the signal does by default: the process dies as it would have.
void tell(int signal) {
  if (t_run.is_one) {
    Line line;
    line << "lockstep explore: the process dies in run " << t_run.number << ", of signal "
         << static_cast<std::uint64_t>(signal) << "; ";
    if (t_run.from_seed) {
      line << "`lockstep replay --seed " << t_run.number
           << "` makes it again (with the same --capture and --workload)\n";
    } else {
      line << "it was made from another run: the same exploration comes to it again, and with "
              "--jobs 1 to nothing behind it\n";
    }
    line.write();
  }
  std::raise(signal);
}

}  // namespace

void say_last_words() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
    struct sigaction before {};
    if (sigaction(signal, nullptr, &before) != 0 || before.sa_handler != SIG_DFL) continue;
    struct sigaction action {};
    action.sa_handler = tell;
    action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_ONSTACK;
    sigaction(signal, &action, nullptr);
  }
}

void begin_run(std::uint64_t number, bool from_seed) {
  static thread_local const SignalStack own;
  t_run = {number, from_seed, true};
}

}  // namespace lockstep::cli
