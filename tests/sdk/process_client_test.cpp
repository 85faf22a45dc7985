// The one client of a process.
#include "sdk/process_client.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/sdk/client_bench.h"

namespace lockstep {
namespace {

TEST(ProcessClientTest, IsThereAsLongAsItsGuard) {
  ScriptedServer server;
  int used = 0;
  const auto use = [&](Client& client) {
    ++used;
    EXPECT_TRUE(client.capture("u", "e").ok());
  };
  EXPECT_FALSE(with_process_client(use));
  {
    const ProcessClient guard(ClientBench::options(), std::make_shared<SimHost>(server));
    EXPECT_TRUE(with_process_client(use));
  }
  EXPECT_EQ(server.all_names(), (std::vector<std::string>{"e"})) << "drained by the guard";
  EXPECT_FALSE(with_process_client(use));
  EXPECT_EQ(used, 1);
}

TEST(ProcessClientTest, AProcessHasOnlyOne) {
  ScriptedServer server;
  const auto host = std::make_shared<SimHost>(server);
  const ProcessClient guard(ClientBench::options(), host);
  EXPECT_THROW(ProcessClient(ClientBench::options(), host), std::logic_error);
  EXPECT_TRUE(with_process_client([](Client&) {})) << "the first one is still there";
}

TEST(ProcessClientTest, BadOptionsLeaveThePlaceFree) {
  ScriptedServer server;
  const auto host = std::make_shared<SimHost>(server);
  EXPECT_THROW(ProcessClient(Options{}, host), ConfigError);
  EXPECT_FALSE(with_process_client([](Client&) {}));
  const ProcessClient guard(ClientBench::options(), host);
}

}  // namespace
}  // namespace lockstep
