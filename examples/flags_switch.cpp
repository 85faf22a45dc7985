// A switch in a file, flags.toml in the working folder.
#include <lockstep/openfeature/client.h>
#include <lockstep/providers/static.h>

#include <iostream>

int main() {
  namespace openfeature = lockstep::openfeature;
  openfeature::Client flags(std::make_shared<lockstep::providers::Static>("flags.toml"));
  const openfeature::EvaluationContext user("user-1");
  const bool beta = flags.get_boolean_value("new-checkout", false, user);
  std::cout << (beta ? "the new checkout\n" : "the old checkout\n");
}
