// What one seed does with a client on the real thread host, in virtual time, and what must hold.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace lockstep::schedules {

// Clients, producers, flushes, shutdowns, destructors and callbacks, drawn from the seed. Call it
// under the scheduler. `broken` hears of the first law that does not hold and must not return.
void work(std::uint64_t seed, const std::function<void(const std::string&)>& broken);

}  // namespace lockstep::schedules
