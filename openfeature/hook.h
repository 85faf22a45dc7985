// Hooks: code that runs around each evaluation, at four points of its life.
#pragma once

#include <any>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "openfeature/context.h"
#include "openfeature/evaluation.h"

namespace lockstep::openfeature {

// What one hook passes on from one of its stages to the next, within one evaluation.
using HookData = std::map<std::string, std::any, std::less<>>;
// What a caller passes to the hooks of an evaluation.
using HookHints = Structure;

struct HookContext {
  std::string_view flag_key;
  FlagType type;
  const Value& default_value;
  std::string_view client_domain;  // of the client that evaluates; empty: the default one
  std::string_view provider_name;
  const EvaluationContext& context;  // merged; after the before stage with what that added
  HookData& data;                    // this hook's own
};

struct EvaluationError {
  ErrorCode code = ErrorCode::general;
  std::string message;
};

// The before stages run in the order API, client, invocation, provider; all others in the reverse
// order. What before() or after() throws ends its stage, makes the evaluation fail, and so the
// caller gets his default; what the other two throw is ignored. Must be thread-safe when several
// threads evaluate.
class Hook {
 public:
  virtual ~Hook() = default;

  // Before the flag is resolved. What it returns is merged over the evaluation's context.
  virtual std::optional<EvaluationContext> before(const HookContext&, const HookHints&) {
    return std::nullopt;
  }
  // After it was resolved without an error.
  virtual void after(const HookContext&, const EvaluationDetails<Value>&, const HookHints&) {}
  // When anything went wrong.
  virtual void error(const HookContext&, const EvaluationError&, const HookHints&) {}
  // Always, at last.
  virtual void finally(const HookContext&, const EvaluationDetails<Value>&, const HookHints&) {}
};

using Hooks = std::vector<std::shared_ptr<Hook>>;

}  // namespace lockstep::openfeature
