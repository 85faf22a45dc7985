// What a language model did, through a queue and an endpoint that take larger events.
//   capture_ai [HOST] [API_KEY]
#include <lockstep/lockstep.h>

#include <iostream>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  lockstep::Client client({.api_key = argc > 2 ? argv[2] : "phc_example",
                           .host = argc > 1 ? argv[1] : "http://127.0.0.1:8081"});
  client.capture_ai({.name = "$ai_generation",
                     .distinct_id = "user-1",
                     .properties = {{"$ai_trace_id", "trace-1"},
                                    {"$ai_model", "m"},
                                    {"$ai_input_tokens", 12},
                                    {"$ai_output_tokens", 7}}});
  const lockstep::FlushReport report = client.shutdown(2s);
  std::cout << report.delivered << " delivered, " << report.dropped << " dropped\n";
  return report.ok() ? 0 : 1;
}
