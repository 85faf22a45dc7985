// What users do, to Confidence, as OpenFeature's tracking has it.
//   track_confidence [HOST] [CLIENT_SECRET]
#include <lockstep/lockstep.h>
#include <lockstep/openfeature/tracker.h>

#include <iostream>

int main(int argc, char** argv) {
  using namespace std::chrono_literals;
  namespace openfeature = lockstep::openfeature;
  lockstep::Client client({.api_key = argc > 2 ? argv[2] : "client-secret",
                           .host = argc > 1 ? argv[1] : "https://events.eu.confidence.dev",
                           .capture = lockstep::Capture::confidence});
  openfeature::Tracker tracker(client);
  tracker.set_context(openfeature::ContextLevel::client, openfeature::EvaluationContext("user-1"));
  openfeature::EvaluationContext here;
  tracker.track("checkout", here.set("country", "SE"),
                {.value = 0, .fields = {{"currency", "SEK"}, {"items", openfeature::List{1, 2}}}});
  const lockstep::FlushReport report = client.shutdown(2s);
  std::cout << report.delivered << " delivered, " << report.dropped << " dropped\n";
  return report.ok() ? 0 : 1;
}
