// Answers that are meant to do harm, through the whole client on real sockets: each event has its
// outcome in the ledger, memory stays bounded, nothing crashes, nothing is sent elsewhere.

#include <gtest/gtest.h>
#include <zlib.h>

#include <atomic>
#include <stdexcept>

#include "sdk/client.h"
#include "sdk/host/thread_host.h"
#include "tests/hosts/machine.h"
#include "tests/hosts/worlds.h"
#include "tests/transport/loopback.h"

namespace lockstep {

namespace {

using namespace std::chrono_literals;
using test::Connection;
using test::Loopback;

// What a process may grow by. A sanitizer keeps what is freed for a while, and shadows what is not.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t kMemoryBound = std::size_t{768} << 20;
#else
constexpr std::size_t kMemoryBound = std::size_t{64} << 20;
#endif
constexpr std::uint64_t kTenGigabytes = std::uint64_t{10} << 30;

struct Delivery {
  std::vector<Outcome> outcomes;
  FlushReport report;
  std::size_t grown_by = 0;  // resident memory
};

// Two events to a server, in one request, without retries unless `adjust` says otherwise.
Delivery deliver(const std::string& origin, const std::function<void(Options&)>& adjust = {}) {
  Delivery delivery;
  Options options = world_options();
  options.host = origin;
  options.max_batch_size = 100;
  options.max_retries = 0;
  options.retry_initial_backoff = 1ms;
  options.max_retry_after = 5ms;
  options.on_outcome = [&](const Outcome& outcome) { delivery.outcomes.push_back(outcome); };
  if (adjust) adjust(options);
  Client client(std::move(options), ThreadHost::create(test::CurlBench::direct({})));
  const std::size_t before = resident_bytes();
  static_cast<void>(client.capture("u", "first"));
  static_cast<void>(client.capture("u", "second"));
  delivery.report = client.flush(60s);
  const std::size_t after = resident_bytes();
  delivery.grown_by = after > before ? after - before : 0;
  EXPECT_EQ(delivery.report.status, FlushStatus::complete);
  EXPECT_EQ(client.stats().total().pending, 0u);
  EXPECT_TRUE(client.stats().total().balances());
  EXPECT_EQ(delivery.outcomes.size(), 2u);
  return delivery;
}

void expect_failed(const Delivery& delivery, std::string_view detail) {
  for (const Outcome& outcome : delivery.outcomes) {
    EXPECT_FALSE(outcome.delivered);
    EXPECT_EQ(outcome.reason, DropReason::attempts_exhausted);
    EXPECT_NE(outcome.detail.find(detail), std::string::npos) << outcome.detail;
  }
}

void expect_delivered(const Delivery& delivery, bool unconfirmed = false) {
  for (const Outcome& outcome : delivery.outcomes) {
    EXPECT_TRUE(outcome.delivered) << to_string(outcome.reason) << ": " << outcome.detail;
    EXPECT_EQ(outcome.unconfirmed, unconfirmed);
  }
}

// --- too much
// -----------------------------------------------------------------------------------------

TEST(Hostile, ABodyOfTenGigabytesIsNotReadToItsEnd) {
  const std::string piece(1 << 20, 'x');
  std::atomic<std::uint64_t> sent = 0;
  Loopback server([&](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kTenGigabytes) +
                    "\r\n\r\n");
    sent = connection.send_until_closed(piece, kTenGigabytes);
    connection.note("closed");
  });
  const Delivery delivery = deliver(server.origin());
  expect_failed(delivery, "response_too_large");
  EXPECT_LT(delivery.grown_by, kMemoryBound);
  server.await_notes(1);
  EXPECT_LT(sent, 64u << 20);
}

TEST(Hostile, AChunkedBodyWithoutEndIsNotReadToItsEnd) {
  const std::string chunk = "100000\r\n" + std::string(1 << 20, 'x') + "\r\n";
  std::atomic<std::uint64_t> sent = 0;
  Loopback server([&](Connection& connection) {
    connection.read_request();
    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    sent = connection.send_until_closed(chunk, kTenGigabytes);
    connection.note("closed");
  });
  const Delivery delivery = deliver(server.origin());
  expect_failed(delivery, "response_too_large");
  EXPECT_LT(delivery.grown_by, kMemoryBound);
  server.await_notes(1);
  EXPECT_LT(sent, 64u << 20);
}

// Their text alone would pass libcurl's own limit: it is their number that takes memory.
TEST(Hostile, TwentyThousandTinyHeadersAreTooMany) {
  std::string answer = "HTTP/1.1 200 OK\r\n";
  for (int i = 0; i < 20'000; ++i) answer += "A: 1\r\n";
  answer += "Content-Length: 2\r\n\r\n{}";
  Loopback server(test::answer_once(answer));
  const Delivery delivery = deliver(server.origin());
  expect_failed(delivery, "response_too_large");
  EXPECT_LT(delivery.grown_by, kMemoryBound);
}

// A gzip file of 1 GiB of zeros in about a megabyte: one deflated mebibyte, written 1024 times. A
// full flush ends each, so that they may follow one another, and the checksum is combined likewise.
std::string gzip_bomb() {
  constexpr unsigned kTimes = 1024;
  std::string zeros(1 << 20, '\0');
  std::string packed(1 << 16, '\0');
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  stream.next_in = reinterpret_cast<Bytef*>(zeros.data());
  stream.avail_in = static_cast<uInt>(zeros.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  deflate(&stream, Z_FULL_FLUSH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);

  const auto once = crc32(0, reinterpret_cast<const Bytef*>(zeros.data()), 1 << 20);
  auto sum = once;
  for (unsigned i = 1; i < kTimes; ++i) sum = crc32_combine(sum, once, 1 << 20);
  std::string file("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10);
  for (unsigned i = 0; i < kTimes; ++i) file += packed;
  file += std::string("\x01\0\0\xff\xff", 5);  // an empty last block
  for (const unsigned long number : {sum, static_cast<unsigned long>(kTimes) << 20}) {
    for (int byte = 0; byte < 4; ++byte) file += static_cast<char>(number >> (8 * byte) & 0xff);
  }
  return file;
}

// Nobody asked for a compressed answer, so nothing unpacks it.
TEST(Hostile, ACompressedBombStaysTheBytesItIs) {
  const std::string bomb = gzip_bomb();
  ASSERT_LT(bomb.size(), 3u << 20);
  for (const Capture capture : {Capture::v0, Capture::v1, Capture::client}) {
    Loopback server(test::answer_all(test::ok(bomb, "Content-Encoding: gzip\r\n")));
    const Delivery delivery =
        deliver(server.origin(), [&](Options& options) { options.capture = capture; });
    // The others go by the status; v1 finds no event named in what it cannot read.
    expect_delivered(delivery, capture == Capture::v1);
    EXPECT_LT(delivery.grown_by, kMemoryBound);
    ASSERT_EQ(server.notes().size(), 1u);
    EXPECT_EQ(server.notes()[0].find("Accept-Encoding"), std::string::npos);
  }
}

// --- absurd
// -------------------------------------------------------------------------------------------

// And not at the cost of seconds: the host's thread has other clients. So nothing of it counts, not
// even what stands beside the brackets.
TEST(Hostile, JsonOfAMillionBracketsIsNoAnswer) {
  const std::string open(1'000'000, '[');
  const std::string nested = std::string(500'000, '[') + std::string(500'000, ']');
  for (const std::string& body :
       {open, nested, R"({"results": )" + nested + "}", R"({"results": {"x": )" + nested + "}}",
        R"({"quota_limited": )" + nested + "}",
        R"({"quota_limited": ["events"], "x": )" + nested + "}"}) {
    Loopback server(test::answer_all(test::ok(body)));
    expect_delivered(deliver(server.origin()));
    expect_delivered(
        deliver(server.origin(), [](Options& options) { options.capture = Capture::v1; }), true);
  }
}

TEST(Hostile, AbsurdRetryAfterHeadersPauseNoLongerThanMayBe) {
  for (const char* header : {
           "Retry-After: 9999999999999999999999999999999999999999\r\n",
           "Retry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
           "Retry-After: 18446744073709551615\r\nRetry-After: 1\r\n",
           "Retry-After: 1\r\nRetry-After: Fri, 31 Dec 9999 23:59:59 GMT\r\n",
           "Retry-After: -1\r\n",
           "Retry-After: 1e99\r\n",
           "Retry-After:\r\n",
           "Retry-After: Thu, 01 Jan 1970 00:00:00 GMT\r\n",
       }) {
    Loopback server([&](Connection& connection) {
      connection.read_request();
      connection.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n" + std::string(header) + "\r\n");
      connection.read_request();
      connection.send(test::ok(R"({"status": 1})"));
      connection.await_close();
    });
    const Delivery delivery =
        deliver(server.origin(), [](Options& options) { options.max_retries = 1; });
    expect_delivered(delivery);
    for (const Outcome& outcome : delivery.outcomes) EXPECT_EQ(outcome.attempts, 2u) << header;
  }
}

TEST(Hostile, AnswersThatAreNoHttpAreAFailedAttempt) {
  for (const std::string& bytes : {
           std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 9),  // a TLS handshake
           std::string("SSH-2.0-OpenSSH_9.2\r\n"),
           std::string("HTTP/1.1 99999 What\r\n\r\n"),
           std::string(100'000, '\0'),
       }) {
    Loopback server(test::answer_once(bytes));
    expect_failed(deliver(server.origin()), "attempts failed");
  }
}

// --- elsewhere
// ----------------------------------------------------------------------------------------

TEST(Hostile, ARedirectToAnotherHostIsNotFollowed) {
  for (const char* status : {"301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect",
                             "308 Permanent Redirect"}) {
    Loopback other(test::answer_all(test::ok()));
    Loopback server(test::answer_all("HTTP/1.1 " + std::string(status) + "\r\nLocation: " +
                                     other.origin() + "/batch/\r\nContent-Length: 0\r\n\r\n"));
    const Delivery delivery = deliver(server.origin());
    for (const Outcome& outcome : delivery.outcomes) {
      EXPECT_EQ(outcome.reason, DropReason::rejected);
      EXPECT_EQ(std::to_string(outcome.status), std::string(status).substr(0, 3));
    }
    EXPECT_EQ(other.connections(), 0u) << status;  // and so no key either
    EXPECT_EQ(server.notes().size(), 1u);
  }
}

TEST(Hostile, AServerThatRepeatsTheKeyDoesNotGetItIntoAnOutcome) {
  Loopback server([](Connection& connection) {
    const auto request = connection.read_request();
    const std::string body = "bad key: phc_hosts " + request.value_or("");
    connection.send("HTTP/1.1 401 No\r\nContent-Length: " + std::to_string(body.size()) +
                    "\r\n\r\n" + body);
  });
  const Delivery delivery = deliver(server.origin());
  for (const Outcome& outcome : delivery.outcomes) {
    EXPECT_EQ(outcome.reason, DropReason::rejected);
    EXPECT_EQ(outcome.detail.find("phc_hosts"), std::string::npos) << outcome.detail;
    EXPECT_LT(outcome.detail.size(), 1000u);
  }
}

// What stands in the key's place holds the key again.
TEST(Hostile, AKeyThatIsAWordOfItsOwnMaskIsMaskedOnce) {
  for (const char* key : {"key", "api", "k"}) {
    Loopback server(
        test::answer_all("HTTP/1.1 401 No\r\nContent-Length: 13\r\n\r\nbad key: key!!"));
    const Delivery delivery =
        deliver(server.origin(), [&](Options& options) { options.api_key = key; });
    for (const Outcome& outcome : delivery.outcomes) {
      EXPECT_EQ(outcome.reason, DropReason::rejected);
      EXPECT_LT(outcome.detail.size(), 100u) << key;
    }
  }
}

}  // namespace

}  // namespace lockstep
