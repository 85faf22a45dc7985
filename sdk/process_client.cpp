#include "sdk/process_client.h"

#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <utility>

namespace lockstep {

namespace {

struct Slot {
  std::shared_mutex mutex;  // held shared while the client is used
  Client* client = nullptr;
};

// Never destroyed: a late capture during static destruction must find a slot, even if it is empty.
Slot& slot() {
  static Slot* const only = new Slot;
  return *only;
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
    slot().client = nullptr;
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
