// The same bodies in four arms: bare engine, sim host, thread host on the virtual clock, real
// sockets. What one of them does differently is a bug of that one, or a lie of the simulation.

#include <gtest/gtest.h>

#include "tests/arms/bodies.h"

namespace lockstep {

namespace {

constexpr ArmKind kArms[] = {
    {"engine", true, make_engine_arm},
    {"sim", true, make_sim_arm},
    {"thread", true, make_thread_arm},
    {"socket", false, make_socket_arm},
};

class Arms : public testing::TestWithParam<Body> {};

TEST_P(Arms, LeaveTheOneTraceOfTheBody) {
  for (const ArmKind& kind : kArms) {
    EXPECT_EQ("\n" + run(kind, GetParam())->trace(), GetParam().trace)
        << "in the arm: " << kind.name;
  }
}

// Backoffs, jitter and pauses included.
TEST_P(Arms, OfVirtualTimeSendAtTheSameInstants) {
  const std::vector<Instant> instants = run(kArms[0], GetParam())->arrivals();
  for (const ArmKind& kind : kArms) {
    if (!kind.virtual_time) continue;
    EXPECT_EQ(run(kind, GetParam())->arrivals(), instants) << "in the arm: " << kind.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Bodies, Arms, testing::ValuesIn(all_bodies()),
                         [](const auto& body) { return body.param.name; });

}  // namespace

void PrintTo(const Body& body, std::ostream* out) { *out << body.name; }

}  // namespace lockstep
