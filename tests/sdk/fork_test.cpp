// A forked child has no host thread and must not touch what the parent's threads held.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include "sdk/host/thread_host.h"
#include "sdk/process_client.h"
#include "tests/sdk/client_bench.h"

#if defined(__SANITIZE_THREAD__)
#define LOCKSTEP_UNDER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define LOCKSTEP_UNDER_TSAN 1
#endif
#endif

namespace lockstep {
namespace {

using std::chrono::seconds;

// Runs `check` in a forked child; returns its exit status: 0 where check() returned true. A child
// that hangs is ended by its alarm and reported as a signal.
int in_child(const std::function<bool()>& check) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(60);
    _exit(check() ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

class ForkTest : public testing::Test {
 protected:
  void SetUp() override {
#ifdef LOCKSTEP_UNDER_TSAN
    GTEST_SKIP() << "ThreadSanitizer does not follow a fork of a threaded process";
#endif
    host = std::make_shared<ThreadHost>(clock, std::make_shared<const Chance>(1),
                                        std::make_unique<SimTransport>(*clock, server));
    client = std::make_unique<Client>(ClientBench::options(), host);
  }

  // A client of the child's own, on a simulation.
  static bool works(ScriptedServer& fresh_server) {
    Client fresh(ClientBench::options(), std::make_shared<SimHost>(fresh_server));
    return fresh.capture("u", "child").ok() && fresh.flush().ok() &&
           fresh_server.all_names() == std::vector<std::string>{"child"};
  }

  ScriptedServer server;
  std::shared_ptr<VirtualClock> clock = std::make_shared<VirtualClock>();
  Participant participant{*clock};  // time stands still while the test does something
  std::shared_ptr<ThreadHost> host;
  std::unique_ptr<Client> client;
};

TEST_F(ForkTest, TheParentsClientIsClosedInTheChildAndNeverHangs) {
  EXPECT_TRUE(client->capture("u", "parent").ok());
  const FlushHandle handle = client->begin_shutdown(seconds{0});
  EXPECT_EQ(in_child([&] {
              const bool refused = client->capture("u", "e").admission == Admission::closed &&
                                   client->capture(Event{}).admission == Admission::closed;
              const bool flushed = client->flush().status == FlushStatus::closed &&
                                   client->shutdown().status == FlushStatus::closed &&
                                   handle.done() && handle.wait().status == FlushStatus::closed;
              const bool rest =
                  client->stats().closed && client->get_feature_flag({"f", "u"}).error == "closed";
              client->poll();
              client.reset();
              host.reset();
              return refused && flushed && rest;
            }),
            0);
}

TEST_F(ForkTest, TheParentGoesOn) {
  EXPECT_EQ(in_child([] { return true; }), 0);
  EXPECT_TRUE(client->capture("u", "after the fork").ok());
  EXPECT_TRUE(client->flush().ok());
}

TEST_F(ForkTest, ANewClientWorksInTheChild) {
  EXPECT_EQ(in_child([] {
              ScriptedServer fresh;
              return works(fresh);
            }),
            0);
}

TEST_F(ForkTest, AChildOfAChildIsForeignToo) {
  EXPECT_EQ(in_child([] {
              ScriptedServer fresh_server;
              Client fresh(ClientBench::options(), std::make_shared<SimHost>(fresh_server));
              return in_child([&] {
                       return fresh.capture("u", "e").admission == Admission::closed;
                     }) == 0 &&
                     fresh.capture("u", "e").ok();
            }),
            0);
}

TEST_F(ForkTest, TheSharedThreadHostOfTheChildIsItsOwn) {
  const std::shared_ptr<ThreadHost> parents = ThreadHost::shared();
  EXPECT_FALSE(parents->foreign());
  EXPECT_EQ(in_child([&] {
              const std::shared_ptr<ThreadHost> own = ThreadHost::shared();
              return parents->foreign() && own != parents && !own->foreign();
            }),
            0);
}

TEST_F(ForkTest, AChildMayHaveAProcessClientOfItsOwn) {
  ScriptedServer parents_server;
  const ProcessClient guard(ClientBench::options(), std::make_shared<SimHost>(parents_server));
  EXPECT_EQ(in_child([] {
              ScriptedServer fresh_server;
              if (with_process_client([](Client&) {})) return false;
              {
                const ProcessClient own(ClientBench::options(),
                                        std::make_shared<SimHost>(fresh_server));
                with_process_client([](Client& c) { static_cast<void>(c.capture("u", "e")); });
              }
              return fresh_server.all_names().size() == 1;
            }),
            0);
  EXPECT_TRUE(with_process_client([](Client&) {}));
}

}  // namespace
}  // namespace lockstep
