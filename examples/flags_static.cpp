// A feature flag out of a file.
//   flags_static [FILE]
#include <lockstep/openfeature/client.h>
#include <lockstep/providers/static.h>

#include <iostream>

int main(int argc, char** argv) {
  namespace openfeature = lockstep::openfeature;
  const auto provider =
      std::make_shared<lockstep::providers::Static>(argc > 1 ? argv[1] : "flags.toml");
  openfeature::Client flags(provider);
  openfeature::EvaluationContext context("user-1");
  context.set("plan", "pro");
  const auto details = flags.get_string_details("checkout", "v1", context);
  std::cout << details.value << " " << details.reason << "\n";
  if (!provider->last_error().empty()) std::cerr << provider->last_error() << "\n";
  return details.error_code ? 1 : 0;
}
