// A feature flag of PostHog's.
//   flags_posthog [BASE_URL] [CREDENTIAL]
#include <lockstep/openfeature/client.h>
#include <lockstep/providers/posthog.h>

#include <iostream>

int main(int argc, char** argv) {
  namespace openfeature = lockstep::openfeature;
  lockstep::providers::PosthogOptions options;
  options.remote.base_url = argc > 1 ? argv[1] : "https://us.i.posthog.com";
  options.api_key = argc > 2 ? argv[2] : "credential";
  openfeature::Client flags(std::make_shared<lockstep::providers::Posthog>(options));
  openfeature::EvaluationContext context("user-1");
  context.set("plan", "pro");
  const auto details = flags.get_string_details("checkout", "v1", context);
  std::cout << details.value << " " << details.reason << "\n";
  if (details.error_code) std::cerr << details.error_message << "\n";
  return details.error_code ? 1 : 0;
}
