#include "sdk/process_client.h"

#include <atomic>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <utility>

#include "sdk/host/fork.h"

namespace lockstep {

namespace {

struct Slot {
  std::shared_mutex mutex;  // held shared while the client is used
  Client* client = nullptr;
  std::uint64_t fork_generation = lockstep::fork_generation();
};

// Never destroyed: a late capture during static destruction must find a slot, even if it is empty.
// A forked child cannot trust the mutex it inherited and takes a slot of its own.
Slot& slot() {
  static std::atomic<Slot*> current{new Slot};
  Slot* found = current.load();
  if (found->fork_generation == fork_generation()) return *found;
  auto fresh = std::make_unique<Slot>();
  if (current.compare_exchange_strong(found, fresh.get())) found = fresh.release();
  return *found;
}

}  // namespace

ProcessClient::ProcessClient(Options options) : ProcessClient(std::move(options), nullptr) {}

ProcessClient::ProcessClient(Options options, std::shared_ptr<Host> host) {
  const std::unique_lock lock(slot().mutex);
  if (slot().client != nullptr) throw std::logic_error("the process already has a ProcessClient");
  client_ = std::make_unique<Client>(std::move(options), std::move(host));
  slot().client = client_.get();
}

ProcessClient::~ProcessClient() {
  {
    const std::unique_lock lock(slot().mutex);
    // In a forked child the place may be empty or another's: this client was the parent's.
    if (slot().client == client_.get()) slot().client = nullptr;
  }
  client_.reset();
}

bool with_process_client(const std::function<void(Client&)>& use) {
  const std::shared_lock lock(slot().mutex);
  if (slot().client == nullptr) return false;
  use(*slot().client);
  return true;
}

}  // namespace lockstep
