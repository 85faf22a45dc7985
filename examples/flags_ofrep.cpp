// A feature flag from a server that speaks OFREP, flagd for example.
//   flags_ofrep [BASE_URL] [CREDENTIAL]
#include <lockstep/openfeature/client.h>
#include <lockstep/providers/ofrep.h>

#include <iostream>

int main(int argc, char** argv) {
  namespace openfeature = lockstep::openfeature;
  lockstep::providers::OfrepOptions options;
  options.remote.base_url = argc > 1 ? argv[1] : "http://127.0.0.1:8016";
  options.token = argc > 2 ? argv[2] : "credential";
  openfeature::Client flags(std::make_shared<lockstep::providers::Ofrep>(options));
  openfeature::EvaluationContext context("user-1");
  context.set("plan", "pro");
  const auto details = flags.get_string_details("checkout", "v1", context);
  std::cout << details.value << " " << details.reason << "\n";
  if (details.error_code) std::cerr << details.error_message << "\n";
  return details.error_code ? 1 : 0;
}
