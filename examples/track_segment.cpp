// Events to Segment, or to whatever speaks its batch API.
//   track_segment [HOST] [WRITE_KEY]
#include <lockstep/lockstep.h>

#include <iostream>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  lockstep::Client client({.api_key = argc > 2 ? argv[2] : "write-key",
                           .host = argc > 1 ? argv[1] : "https://api.segment.io",
                           .capture = lockstep::Capture::segment});
  client.identify("user-1", {{"email", "ada@example.com"}});    // an identify
  client.capture("user-1", "Order Placed", {{"total", 42.5}});  // a track
  client.group_identify("company", "acme", {{"plan", "pro"}});  // a group
  const lockstep::FlushReport report = client.shutdown(2s);
  std::cout << report.delivered << " delivered, " << report.dropped << " dropped\n";
  return report.ok() ? 0 : 1;
}
