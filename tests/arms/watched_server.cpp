#include "tests/arms/watched_server.h"

namespace lockstep {

http::Reply WatchedServer::handle(const http::Request& request, Now now) {
  http::Reply reply = server.handle(request, now);
  {
    const std::lock_guard lock(mutex_);
    ++answers_;
  }
  clock_.notify(answered_);
  return reply;
}

void WatchedServer::wait_for_requests(std::size_t count) {
  std::unique_lock lock(mutex_);
  clock_.await(lock, answered_, kNever, [&] { return answers_ >= count; });
}

}  // namespace lockstep
