#include "tests/schedules/scheduler.h"

#include <cxxabi.h>
#include <ucontext.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <deque>
#include <iterator>
#include <map>
#include <memory>
#include <vector>

namespace lockstep::schedules {

namespace {

constexpr std::size_t kStackBytes = 256 << 10;

// What a thread waits for before it can be chosen.
enum class Wait : std::uint8_t { nothing, mutex, condition, thread, over };

struct Thread {
  Wait wait = Wait::nothing;
  const void* on = nullptr;  // of mutex and condition
  std::uint64_t joins = 0;   // of thread
  bool may_time_out = false;
  bool timed_out = false;
  void* (*routine)(void*) = nullptr;
  void* argument = nullptr;
  void* result = nullptr;
  std::unique_ptr<char[]> stack;
  ucontext_t context{};
  // Exceptions that are being handled are kept by thread: each context has its own record of them.
  std::array<char, 2 * sizeof(void*)> exceptions{};
};

struct Scheduler {
  std::uint64_t state = 0;          // of the generator
  std::uint64_t switch_one_in = 1;  // points, on average
  std::uint64_t most_points = 0;
  const std::function<void(const std::string&)>* stuck = nullptr;
  std::deque<Thread> threads;  // by number; none is ever moved
  std::uint64_t current = 0;
  std::map<const void*, std::uint64_t> owners;  // of the mutexes that are held
  Schedule schedule;

  std::uint64_t draw(std::uint64_t bound) noexcept {
    state += 0x9e3779b97f4a7c15ULL;
    std::uint64_t bits = state;
    bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9ULL;
    bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebULL;
    return (bits ^ (bits >> 31)) % bound;
  }
};

Scheduler* scheduler = nullptr;

Thread& self() { return scheduler->threads[scheduler->current]; }

std::vector<std::uint64_t> ready_threads() {
  std::vector<std::uint64_t> ready;
  for (std::uint64_t i = 0; i < scheduler->threads.size(); ++i) {
    if (scheduler->threads[i].wait == Wait::nothing) ready.push_back(i);
  }
  return ready;
}

std::string stuck_text() {
  std::string text = "nobody can go on:";
  for (std::uint64_t i = 0; i < scheduler->threads.size(); ++i) {
    const Thread& thread = scheduler->threads[i];
    if (thread.wait == Wait::over) continue;
    text += " thread " + std::to_string(i);
    text += thread.wait == Wait::mutex ? " waits for a mutex;"
            : thread.wait == Wait::condition
                ? " waits to be notified;"
                : " joins thread " + std::to_string(thread.joins) + ";";
  }
  return text;
}

// When nobody else can go on, a wait with a time limit ends by it.
bool let_one_time_out() {
  for (Thread& thread : scheduler->threads) {
    if (thread.wait != Wait::condition || !thread.may_time_out) continue;
    thread.timed_out = true;
    thread.wait = Wait::nothing;
    return true;
  }
  return false;
}

// Lets another thread go on, or this one again; returns when this one is chosen.
void hand_over() {
  std::vector<std::uint64_t> ready = ready_threads();
  if (ready.empty() && let_one_time_out()) ready = ready_threads();
  if (ready.empty()) (*scheduler->stuck)(stuck_text());
  const std::uint64_t from = scheduler->current;
  const std::uint64_t to = ready[scheduler->draw(ready.size())];
  scheduler->schedule.digest = (scheduler->schedule.digest ^ to) * 0x100000001b3ULL;
  if (to == from) return;
  ++scheduler->schedule.switches;
  Thread& mine = scheduler->threads[from];
  Thread& next = scheduler->threads[to];
  scheduler->current = to;
  void* record = abi::__cxa_get_globals();
  std::memcpy(mine.exceptions.data(), record, mine.exceptions.size());
  std::memcpy(record, next.exceptions.data(), next.exceptions.size());
  swapcontext(&mine.context, &next.context);
}

void wait_for(Wait what, const void* on) {
  self().wait = what;
  self().on = on;
  hand_over();
}

void free_waiters(Wait what, const void* on) {
  for (Thread& thread : scheduler->threads) {
    if (thread.wait == what && thread.on == on) thread.wait = Wait::nothing;
  }
}

// Where a context begins. It has no end: once over, it is not chosen any more.
void run_thread() {
  Thread& mine = self();
  mine.result = mine.routine(mine.argument);
  mine.wait = Wait::over;
  for (Thread& thread : scheduler->threads) {
    if (thread.wait == Wait::thread && thread.joins == scheduler->current) {
      thread.wait = Wait::nothing;
    }
  }
  hand_over();
}

}  // namespace

bool is_controlled() noexcept { return scheduler != nullptr; }

std::uint64_t current() noexcept { return scheduler->current; }

void point() noexcept {
  if (scheduler == nullptr) return;
  if (++scheduler->schedule.points > scheduler->most_points) {
    (*scheduler->stuck)("it never comes to an end");
  }
  if (scheduler->draw(scheduler->switch_one_in) == 0) hand_over();
}

void lock(const void* mutex) {
  point();
  while (!scheduler->owners.emplace(mutex, scheduler->current).second) {
    wait_for(Wait::mutex, mutex);
  }
}

bool try_lock(const void* mutex) {
  point();
  return scheduler->owners.emplace(mutex, scheduler->current).second;
}

void unlock(const void* mutex) {
  scheduler->owners.erase(mutex);
  free_waiters(Wait::mutex, mutex);
  point();
}

bool wait(const void* condition, const void* mutex, bool may_time_out) {
  scheduler->owners.erase(mutex);
  free_waiters(Wait::mutex, mutex);
  self().may_time_out = may_time_out;
  self().timed_out = false;
  wait_for(Wait::condition, condition);
  const bool was_woken = !self().timed_out;
  lock(mutex);
  return was_woken;
}

void notify(const void* condition, bool all) {
  std::vector<std::uint64_t> waiting;
  for (std::uint64_t i = 0; i < scheduler->threads.size(); ++i) {
    const Thread& thread = scheduler->threads[i];
    if (thread.wait == Wait::condition && thread.on == condition) waiting.push_back(i);
  }
  if (!waiting.empty() && !all) waiting = {waiting[scheduler->draw(waiting.size())]};
  for (const std::uint64_t i : waiting) scheduler->threads[i].wait = Wait::nothing;
  point();
}

std::uint64_t start(void* (*routine)(void*), void* argument) {
  const std::uint64_t number = scheduler->threads.size();
  Thread& thread = scheduler->threads.emplace_back();
  thread.routine = routine;
  thread.argument = argument;
  thread.stack = std::make_unique<char[]>(kStackBytes);
  getcontext(&thread.context);
  thread.context.uc_stack.ss_sp = thread.stack.get();
  thread.context.uc_stack.ss_size = kStackBytes;
  makecontext(&thread.context, run_thread, 0);
  point();
  return number;
}

void* join(std::uint64_t number) {
  point();
  while (scheduler->threads[number].wait != Wait::over) {
    self().joins = number;
    wait_for(Wait::thread, nullptr);
  }
  return scheduler->threads[number].result;
}

std::uint64_t others() noexcept {
  const auto& threads = scheduler->threads;
  return static_cast<std::uint64_t>(
             std::count_if(threads.begin(), threads.end(),
                           [](const Thread& thread) { return thread.wait != Wait::over; })) -
         1;
}

Schedule run(std::uint64_t seed, std::uint64_t most_points, const std::function<void()>& body,
             const std::function<void(const std::string&)>& stuck) {
  constexpr std::uint64_t kPatience[] = {2, 4, 16, 64};
  Scheduler mine;
  mine.state = seed;
  mine.most_points = most_points;
  mine.stuck = &stuck;
  mine.switch_one_in = kPatience[mine.draw(std::size(kPatience))];
  mine.threads.emplace_back();
  scheduler = &mine;
  body();
  // Threads that were detached end by themselves.
  for (std::uint64_t i = 1; i < mine.threads.size(); ++i) join(i);
  scheduler = nullptr;
  return mine.schedule;
}

}  // namespace lockstep::schedules
