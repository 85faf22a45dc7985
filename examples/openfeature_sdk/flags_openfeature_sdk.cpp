// A feature flag out of a file, asked for through OpenFeature's own C++ SDK.
//   flags_openfeature_sdk [FILE]
#include <lockstep/providers/static.h>
#include <openfeature/openfeature_api.h>

#include <iostream>

#include "lockstep_provider.h"

int main(int argc, char** argv) {
  auto& api = openfeature::OpenFeatureAPI::GetInstance();
  api.SetProviderAndWait(std::make_shared<lockstep::openfeature_sdk::Provider>(
      std::make_shared<lockstep::providers::Static>(argc > 1 ? argv[1] : "flags.toml")));
  const auto context = openfeature::EvaluationContext::Builder()
                           .WithTargetingKey("user-1")
                           .WithAttribute("plan", "pro")
                           .build();
  const auto details = api.GetProvider()->GetStringEvaluation("checkout", "v1", context);
  std::cout << (*details)->GetValue() << "\n";
  return (*details)->GetErrorCode() ? 1 : 0;
}
