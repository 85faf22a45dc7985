#include "scenarios/contract/audit.h"

#include <algorithm>
#include <exception>
#include <map>
#include <memory>
#include <set>

#include "clock/virtual_clock.h"
#include "scenarios/contract/action.h"
#include "scenarios/contract/local_stage.h"
#include "scenarios/node.h"

namespace lockstep::contract {

namespace {

// An adapter that says yes to everything, with no SDK behind it.
class SilentStage final : public Stage {
 public:
  Answer call(std::string_view, std::string_view, const std::optional<std::string>&) override {
    return {200,
            R"({"success":true,"uuid":"0190f6e2-0000-7000-8000-000000000000","value":null,)"
            R"("pending_events":0,"total_events_captured":0,"total_events_sent":0,)"
            R"("total_retries":0,"last_error":null,"requests_made":[]})",
            {}};
  }
  void wait(Duration time) override { clock_.advance(time); }
  std::optional<bool> settle(Duration) override { return true; }
  Now now() const override { return clock_.read(); }
  mock::Server& server() override { return server_; }
  const std::string& test_id() const override { return test_id_; }
  const std::string& mock_url() const override { return mock_url_; }

 private:
  mock::Server server_;
  VirtualClock clock_;
  const std::string test_id_ = "silent";
  const std::string mock_url_ = "http://ingest.test";
};

// Whether each step passes, all of them carried out.
std::vector<bool> verdicts(const Test& test, Stage& stage) {
  std::vector<bool> passed;
  Context context(stage);
  for (const Step& step : test.steps) {
    try {
      passed.push_back(!step.action->run(context, step).has_value());
    } catch (const std::exception&) {
      passed.push_back(false);
    }
  }
  return passed;
}

bool needs(const Test& test, std::string_view capability) {
  return std::find(test.requirements.begin(), test.requirements.end(), capability) !=
         test.requirements.end();
}

std::unique_ptr<Stage> other_stage(const Test& test) {
  const Capture other = needs(test, "capture_v1") ? Capture::v0 : Capture::v1;
  return LocalTarget(other, Compression::gzip, false, 1).stage(test);
}

void audit_test(const Test& test, Audit& out) {
  SilentStage silent;
  const std::vector<bool> by_silent = verdicts(test, silent);
  const std::vector<bool> by_other = verdicts(test, *other_stage(test));
  out.tests.push_back(&test);
  const auto all = [](const std::vector<bool>& passed) {
    return std::find(passed.begin(), passed.end(), false) == passed.end();
  };
  if (all(by_silent)) out.passed_by_silent.push_back(&test);
  if (all(by_other)) out.passed_by_other.push_back(&test);
  for (std::size_t i = 0; i < test.steps.size(); ++i) {
    if (test.steps[i].action->kind == Kind::deed) continue;
    out.checks.push_back({&test, i + 1, test.steps[i].action->name, by_silent[i], by_other[i]});
  }
}

struct Count {
  std::size_t all = 0;
  std::size_t silent = 0;
  std::size_t other = 0;
};

Count count(const std::vector<AuditedCheck>& checks) {
  Count sum{checks.size(), 0, 0};
  for (const AuditedCheck& check : checks) {
    sum.silent += check.passes_silent ? 1 : 0;
    sum.other += check.passes_other ? 1 : 0;
  }
  return sum;
}

std::map<std::string_view, Count> by_action(const std::vector<AuditedCheck>& checks) {
  std::map<std::string_view, Count> counts;
  for (const AuditedCheck& check : checks) {
    Count& one = counts[check.action];
    ++one.all;
    one.silent += check.passes_silent ? 1 : 0;
    one.other += check.passes_other ? 1 : 0;
  }
  return counts;
}

std::string of(std::size_t part, std::size_t whole) {
  return std::to_string(part) + " of " + std::to_string(whole);
}

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string listed(const std::vector<const Test*>& tests) {
  std::string out;
  for (const Test* test : tests) out += "  " + test->full_name() + "\n";
  return out;
}

std::string names_json(const std::vector<const Test*>& tests) {
  std::string out = "[";
  for (const Test* test : tests) {
    out += (out.size() > 1 ? "," : "") + scenario::json_quoted(test->full_name());
  }
  return out + "]";
}

}  // namespace

Audit audit(const std::vector<const Test*>& tests) {
  Audit out;
  for (const Test* test : tests) audit_test(*test, out);
  return out;
}

std::string to_text(const Audit& audit) {
  const Count sum = count(audit.checks);
  std::string out = "An SDK that sends nothing passes " +
                    of(audit.passed_by_silent.size(), audit.tests.size()) + " tests and " +
                    of(sum.silent, sum.all) + " checks:\n" + listed(audit.passed_by_silent) +
                    "\nAn SDK of the other protocol passes " +
                    of(audit.passed_by_other.size(), audit.tests.size()) + " tests and " +
                    of(sum.other, sum.all) + " checks:\n" + listed(audit.passed_by_other) +
                    "\nChecks by action            silent    other protocol\n";
  for (const auto& [action, counted] : by_action(audit.checks)) {
    out += padded(std::string(action), 44) + padded(of(counted.silent, counted.all), 12) +
           of(counted.other, counted.all) + "\n";
  }
  return out;
}

std::string to_json(const Audit& audit) {
  std::string out = "{\"tests\":" + std::to_string(audit.tests.size()) +
                    ",\"passed_by_silent\":" + names_json(audit.passed_by_silent) +
                    ",\"passed_by_other_protocol\":" + names_json(audit.passed_by_other) +
                    ",\"checks\":[";
  for (const AuditedCheck& check : audit.checks) {
    out += (&check == audit.checks.data() ? "\n  " : ",\n  ");
    out += "{\"test\":" + scenario::json_quoted(check.test->full_name()) +
           ",\"step\":" + std::to_string(check.step) +
           ",\"action\":" + scenario::json_quoted(check.action) +
           ",\"passes_silent\":" + (check.passes_silent ? "true" : "false") +
           ",\"passes_other_protocol\":" + (check.passes_other ? "true" : "false") + "}";
  }
  return out + "\n]}\n";
}

}  // namespace lockstep::contract
