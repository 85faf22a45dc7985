#include "tests/hosts/machine.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>

namespace lockstep {

std::size_t thread_count() {
  // A thread sanitizer starts a thread of its own together with a program's first.
  [[maybe_unused]] static const bool first_started = (std::thread([] {}).join(), true);
  std::size_t threads = 0;
  // A thread may end while its directory is being listed.
  std::error_code gone;
  for (std::filesystem::directory_iterator task("/proc/self/task"), end; task != end;
       task.increment(gone)) {
    ++threads;
  }
  return threads;
}

void await_thread_count(std::size_t most) {
  while (thread_count() > most) std::this_thread::yield();
}

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0;
  std::size_t resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace lockstep
