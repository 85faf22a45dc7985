#include "sdk/host/thread_host.h"

#include <mutex>
#include <utility>

#include "clock/system_clock.h"
#include "sdk/host/fork.h"
#include "sdk/host/pump.h"

namespace lockstep {

struct ThreadHost::Shared {
  std::shared_ptr<Clock> clock;
  std::shared_ptr<const Chance> chance;
  std::unique_ptr<Transport> transport;
  Pump pump;
  std::uint64_t fork_generation = lockstep::fork_generation();
  std::atomic<bool> asleep{false};
  std::atomic<bool> work{false};
  std::atomic<bool> stop{false};

  Shared(std::shared_ptr<Clock> a_clock, std::shared_ptr<const Chance> a_chance,
         std::unique_ptr<Transport> a_transport)
      : clock(std::move(a_clock)),
        chance(std::move(a_chance)),
        transport(std::move(a_transport)),
        pump(*clock, *transport) {}

  // The order of the two flags' accesses here and in wake() makes a lost wake-up impossible: either
  // this thread sees the work, or the waker sees it asleep.
  void run() {
    while (!stop.load()) {
      work.store(false);
      while (pump.turn()) {
      }
      const Instant next = pump.next_instant();
      asleep.store(true);
      if (!work.load() && !stop.load()) transport->wait(next);
      asleep.store(false);
    }
  }

  // Costs a store and a load while the thread is awake; the thread is woken once however many
  // producers come at the same time.
  void wake() noexcept {
    work.store(true);
    if (asleep.load() && asleep.exchange(false)) transport->wake();
  }
};

ThreadHost::ThreadHost(std::shared_ptr<Clock> clock, std::shared_ptr<const Chance> chance,
                       std::unique_ptr<Transport> transport)
    : shared_(std::make_shared<Shared>(std::move(clock), std::move(chance), std::move(transport))) {
  thread_ =
      std::make_unique<std::thread>([shared = shared_, seat = Seat(*shared_->clock)]() mutable {
        const Participant participant(std::move(seat));
        shared->run();
      });
}

ThreadHost::~ThreadHost() {
  if (foreign()) {
    // A forked child: there is no thread to join, and the sockets are the parent's. Left alone.
    static_cast<void>(thread_.release());
    static_cast<void>(new std::shared_ptr<Shared>(std::move(shared_)));
    return;
  }
  shared_->stop.store(true);
  shared_->work.store(true);
  shared_->transport->wake();
  if (thread_->get_id() == std::this_thread::get_id()) {
    thread_->detach();  // it ends itself after this turn
  } else {
    thread_->join();
  }
}

std::shared_ptr<ThreadHost> ThreadHost::create(CurlOptions options) {
  auto clock = std::make_shared<SystemClock>();
  auto chance = std::make_shared<const Chance>(system_entropy());
  auto transport = std::make_unique<CurlTransport>(*clock, std::move(options));
  return std::make_shared<ThreadHost>(std::move(clock), std::move(chance), std::move(transport));
}

std::shared_ptr<ThreadHost> ThreadHost::shared() {
  struct Slot {
    std::mutex mutex;
    std::weak_ptr<ThreadHost> host;
    std::uint64_t fork_generation = lockstep::fork_generation();
  };
  // Never destroyed: a client may be made or die during static destruction. A forked child cannot
  // trust the mutex it inherited and takes a slot of its own.
  static std::atomic<Slot*> current{new Slot};
  Slot* slot = current.load();
  if (slot->fork_generation != lockstep::fork_generation()) {
    Slot* fresh = new Slot;
    if (current.compare_exchange_strong(slot, fresh)) {
      slot = fresh;
    } else {
      delete fresh;
    }
  }
  const std::lock_guard lock(slot->mutex);
  std::shared_ptr<ThreadHost> host = slot->host.lock();
  if (host == nullptr) {
    host = create();
    slot->host = host;
  }
  return host;
}

bool ThreadHost::foreign() const noexcept {
  return shared_->fork_generation != lockstep::fork_generation();
}

Clock& ThreadHost::clock() noexcept { return *shared_->clock; }
const Chance& ThreadHost::chance() noexcept { return *shared_->chance; }

void ThreadHost::attach(std::shared_ptr<Hosted> core) {
  shared_->pump.attach(std::move(core));
  wake();
}

void ThreadHost::detach(const Hosted& core) noexcept {
  if (foreign()) return;
  shared_->pump.detach(core);
  wake();
}

void ThreadHost::wake() noexcept {
  if (!foreign()) shared_->wake();
}

std::uint64_t ThreadHost::callback_count() const noexcept { return shared_->pump.callback_count(); }

bool ThreadHost::wait(Hosted& core, Instant deadline, const std::function<bool()>& done) {
  if (shared_->pump.inside_turn()) return false;
  std::unique_lock lock(core.mutex());
  shared_->clock->await(lock, core.changed(), deadline, done);
  return true;
}

}  // namespace lockstep
