// The loader: what it makes of right files, and what it says about wrong ones, to the letter.
#include "scenarios/load.h"

#include <gtest/gtest.h>

#include "scenarios/action.h"

namespace lockstep::scenario {
namespace {

std::vector<std::string> problems_of(const std::string& text) {
  std::vector<std::string> texts;
  for (const Problem& problem : load_text(text, "f.yaml").problems)
    texts.push_back(problem.to_text());
  return texts;
}

std::string steps(const std::string& step) { return "scenario: a\nsteps:\n  - " + step + "\n"; }

std::string many(int count) {
  std::string list = "0";
  for (int i = 1; i < count; ++i) list += ", " + std::to_string(i);
  return list;
}

struct Wrong {
  const char* what;
  std::string text;
  const char* message;
};

const Wrong kWrong[] = {
    {"an empty file", "",
     "f.yaml:1:1: found nothing; expected a scenario, or a list of them under \"scenarios\""},
    {"a list", "- a\n",
     "f.yaml:1:1: found a list; expected a scenario, or a list of them under \"scenarios\""},
    {"no scenarios", "scenarios: []\n",
     "f.yaml:1:12: found an empty list; expected at least one scenario"},
    {"no name", "steps:\n  - action: flush\n",
     "f.yaml:1:1: found the scenario without \"scenario\"; expected the scenario's name, a "
     "sentence"},
    {"no steps", "scenario: a\n",
     "f.yaml:1:1: found the scenario without \"steps\"; expected a list of steps"},
    {"empty steps", "scenario: a\nsteps: []\n",
     "f.yaml:2:8: found an empty list; expected at least one step"},
    {"an unknown key", "scenario: a\nstep: []\nsteps:\n  - action: flush\n",
     "f.yaml:2:1: found \"step\" in the scenario; expected one of scenario, description, "
     "options, "
     "for_each, steps"},
    {"an unknown action", steps("action: flus"),
     "f.yaml:3:13: found the action \"flus\"; expected a known action (such as \"flush\")"},
    {"a step without action", steps("params: {}"),
     "f.yaml:3:5: found the step without \"action\"; expected the name of an action"},
    {"an unknown parameter", steps("{action: wait, params: {duration_ms: 1, ms: 1}}"),
     "f.yaml:3:45: found \"ms\" in action \"wait\"; expected one of duration_ms"},
    {"a parameter of an action without", steps("{action: opt_out, params: {now: 1}}"),
     "f.yaml:3:32: found \"now\" in action \"opt_out\"; expected no parameters"},
    {"a missing parameter", steps("action: wait"),
     "f.yaml:3:5: found action \"wait\" without \"duration_ms\"; expected milliseconds of "
     "virtual time"},
    {"a mistyped parameter", steps("{action: wait, params: {duration_ms: soon}}"),
     "f.yaml:3:42: found the text \"soon\"; expected a whole number as \"duration_ms\" of action "
     "\"wait\""},
    {"a number for a text", steps("{action: capture, params: {distinct_id: 7, event: e}}"),
     "f.yaml:3:45: found the number 7; expected a text as \"distinct_id\" of action \"capture\""},
    {"a bad duration", steps("{action: advance, params: {by: 5}}"),
     "f.yaml:3:36: found the number 5; expected a duration such as 300ms or 1h30m as \"by\" of "
     "action "
     "\"advance\""},
    {"a count that is negative", steps("{action: assert_request_count, params: {expected: -1}}"),
     "f.yaml:3:55: found the number -1; expected a whole number that is not negative as "
     "\"expected\" of action \"assert_request_count\""},
    {"a wait backwards", steps("{action: wait, params: {duration_ms: -5000}}"),
     "f.yaml:3:42: found the number -5000; expected a whole number that is not negative as "
     "\"duration_ms\" of action \"wait\""},
    {"a duration that is negative", steps("{action: advance, params: {by: -5s}}"),
     "f.yaml:3:36: found the text \"-5s\"; expected a duration that is not negative, such as 300ms "
     "or 1h30m as \"by\" of action \"advance\""},
    {"more events than anybody means", steps("{action: capture_burst, params: {count: 1000001}}"),
     "f.yaml:3:45: found the number 1000001; expected a whole number from 0 to 1000000 as "
     "\"count\" of action \"capture_burst\""},
    {"less than no bytes", steps("{action: capture_burst, params: {count: 1, bytes: -7}}"),
     "f.yaml:3:55: found the number -7; expected a whole number from 0 to 100000000 as \"bytes\" "
     "of action \"capture_burst\""},
    {"a seed that is negative", "scenario: a\noptions: {seed: -1}\nsteps:\n  - action: flush\n",
     "f.yaml:2:17: found the number -1; expected a whole number that is not negative as \"seed\" "
     "of \"options\" of the scenario"},
    {"a latency that is negative",
     "scenario: a\noptions: {latency: -1h}\nsteps:\n  - action: flush\n",
     "f.yaml:2:20: found the text \"-1h\"; expected a duration that is not negative, such as 300ms "
     "or 1h30m as \"latency\" of \"options\" of the scenario"},
    {"an option that the SDK refuses", steps("{action: init, params: {flush_at: 0}}"),
     "f.yaml:3:39: found flush_at: must be at least 1; expected options the SDK takes"},
    {"a host that the SDK refuses", steps("{action: init, params: {host: \"ftp://a\"}}"),
     "f.yaml:3:35: found host: must be an http or https URL; expected options the SDK takes"},
    {"a pattern that is none",
     steps("{action: assert_header_value_matches, params: {header: a, pattern: \"(\"}}"), nullptr},
    {"an empty name", "scenario: \"\"\nsteps:\n  - action: flush\n",
     "f.yaml:1:11: found an empty text; expected the scenario's name, a sentence"},
    {"a matrix that no machine can hold",
     "scenario: a ${x}${y}${z}\nfor_each:\n  x: &many [" + many(30) +
         "]\n  y: *many\n  z: *many\nsteps:\n  - action: flush\n",
     "f.yaml:3:3: found a for_each of more combinations; expected at most 10000"},
    {"a bad word", steps("{action: init, params: {queue_full: never}}"),
     "f.yaml:3:41: found the text \"never\"; expected one of drop_newest, drop_oldest, block as "
     "\"queue_full\" of action \"init\""},
    {"an unknown hook", steps("{action: init, params: {hooks: [drop_all, bite]}}"), nullptr},
    {"a wrong member of a nested map",
     steps("{action: assert_ledger, params: {dropped: {bored: 1}}}"),
     "f.yaml:3:48: found \"bored\" in \"dropped\" of action \"assert_ledger\"; expected one of "
     "hook, "
     "hook_failed, too_large, queue_full, evicted, rejected, quota_limited, attempts_exhausted, "
     "shutdown_deadline"},
    {"a wrong member of a nested list",
     steps("{action: assert_requests, params: {requests: [{at: 1ms}, {at: noon}]}}"),
     "f.yaml:3:67: found the text \"noon\"; expected a duration such as 300ms or 1h30m as \"at\" "
     "of "
     "\"requests\" of action \"assert_requests\""},
    {"a script the mock refuses",
     steps("{action: script_server, params: {responses: [{status: 200}, {fault: flood}]}}"),
     nullptr},
    {"a wrong option", "scenario: a\noptions: {capture: v2}\nsteps:\n  - action: flush\n",
     "f.yaml:2:20: found the text \"v2\"; expected one of v0, v1, client, segment, confidence as "
     "\"capture\" of "
     "\"options\" of the scenario"},
    {"an unbound placeholder",
     "scenario: a ${x}\nfor_each: {x: [1]}\nsteps:\n  - {action: wait, params: {duration_ms: "
     "\"${y}\"}}\n",
     "f.yaml:4:42: found the placeholder ${y}; expected a name of this scenario's for_each"},
    {"a matrix that is no matrix", "scenario: a\nfor_each: 3\nsteps:\n  - action: flush\n",
     "f.yaml:2:11: found the number 3; expected lists of values by name, or a list of "
     "combinations"},
    {"a matrix with an empty list", "scenario: a\nfor_each: {x: []}\nsteps:\n  - action: flush\n",
     "f.yaml:2:15: found an empty list; expected a list of values for \"x\""},
    {"a matrix that the name does not show",
     "scenario: a\nfor_each: {x: [1, 2]}\nsteps:\n  - action: flush\n",
     "f.yaml:1:1: found a second scenario named \"a\"; expected a name of its own (the first is "
     "at "
     "f.yaml:1; a for_each must show in the name)"},
};

TEST(Load, SaysOfEveryWrongThingWhereItIsAndWhatShouldBeThere) {
  for (const Wrong& wrong : kWrong) {
    SCOPED_TRACE(wrong.what);
    const auto problems = problems_of(wrong.text);
    ASSERT_FALSE(problems.empty());
    if (wrong.message != nullptr) {
      EXPECT_EQ(problems.front(), wrong.message);
    }
  }
}

TEST(Load, TakesWhatMayWellBeNegative) {
  EXPECT_EQ(problems_of(steps("{action: jump_wall, params: {by: -1h}}")).size(), 0u);
  EXPECT_EQ(problems_of(steps("{action: drift, params: {parts_per_million: -5}}")).size(), 0u);
  EXPECT_EQ(
      problems_of(steps("{action: assert_event_field, params: {field: a, expected: 1, event_index: "
                        "-1}}"))
          .size(),
      0u);
}

TEST(Load, JudgesAnInitByTheScenariosOwnProtocol) {
  const std::string rest =
      "steps:\n  - {action: init, params: {host: \"https://us.i.posthog.com\"}}\n";
  EXPECT_EQ(problems_of("scenario: a\n" + rest).size(), 0u);
  EXPECT_EQ(problems_of("scenario: a\noptions: {capture: segment}\n" + rest).size(), 1u);
}

TEST(Load, PointsIntoAScriptThatTheMockRefuses) {
  const auto problems = problems_of(
      steps("{action: script_server, params: {responses: [{status: 200}, {fault: flood}]}}"));
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_TRUE(problems[0].starts_with("f.yaml:3:73: found responses[1].fault")) << problems[0];
}

TEST(Load, FindsEverythingWrongInOneReading) {
  const auto problems = problems_of(
      "scenarios:\n"
      "  - scenario: a\n    steps:\n      - action: flus\n      - {action: wait}\n"
      "  - scenario: b\n    steps: [{action: nothing_like_it}]\n");
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_TRUE(problems[0].starts_with("f.yaml:4:17: "));
  EXPECT_TRUE(problems[1].starts_with("f.yaml:5:9: "));
  EXPECT_EQ(problems[2],
            "f.yaml:7:22: found the action \"nothing_like_it\"; expected a known action");
}

TEST(Load, ReportsAProblemOfAMatrixOnce) {
  EXPECT_EQ(
      problems_of("scenario: a ${x}\nfor_each: {x: [1, 2, 3]}\nsteps:\n  - action: flus\n").size(),
      1u);
}

TEST(Load, MakesAScenarioOfEachCombination) {
  const auto catalogue = load_text(
      "scenario: ${a} with ${b}\nfor_each: {a: [x, y], b: [1, 2]}\n"
      "steps:\n  - {action: wait, params: {duration_ms: \"${b}\"}}\n",
      "f.yaml");
  ASSERT_TRUE(catalogue.problems.empty());
  std::vector<std::string> names;
  for (const Scenario& scenario : catalogue.scenarios) names.push_back(scenario.name);
  EXPECT_EQ(names, (std::vector<std::string>{"x with 1", "x with 2", "y with 1", "y with 2"}));
  // A text that is nothing but a placeholder takes the value's type.
  EXPECT_EQ(catalogue.scenarios[1].steps[0].params.find("duration_ms")->integer(), 2);
}

TEST(Load, ListedCombinationsGoTogether) {
  const auto catalogue = load_text(
      "scenario: ${a}${b}\nfor_each: [{a: x, b: 1}, {a: y, b: 2}]\nsteps:\n  - action: flush\n",
      "f.yaml");
  ASSERT_TRUE(catalogue.problems.empty());
  ASSERT_EQ(catalogue.scenarios.size(), 2u);
  EXPECT_EQ(catalogue.scenarios[0].name, "x1");
  EXPECT_EQ(catalogue.scenarios[1].name, "y2");
}

TEST(Load, SharesTheFilesOptionsUnlessAScenarioHasItsOwn) {
  const auto catalogue = load_text(
      "options: {capture: v1, seed: 9}\nscenarios:\n"
      "  - scenario: a\n    steps: [{action: flush}]\n"
      "  - scenario: b\n    options: {capture: v0}\n    steps: [{action: flush, client: other}]\n",
      "f.yaml");
  ASSERT_TRUE(catalogue.problems.empty());
  ASSERT_EQ(catalogue.scenarios.size(), 2u);
  EXPECT_EQ(catalogue.scenarios[0].settings.capture, Capture::v1);
  EXPECT_EQ(catalogue.scenarios[1].settings.capture, Capture::v0);
  EXPECT_EQ(catalogue.scenarios[1].settings.seed, 9u);
  EXPECT_EQ(catalogue.scenarios[0].steps[0].client, "main");
  EXPECT_EQ(catalogue.scenarios[1].steps[0].client, "other");
}

TEST(Load, AFileThatIsNotThereIsAProblem) {
  const auto catalogue = load_files({"no/such/file.yaml"});
  ASSERT_EQ(catalogue.problems.size(), 1u);
  EXPECT_EQ(catalogue.problems[0].to_text(),
            "no/such/file.yaml:1:1: found nothing; expected a scenario file that can be read");
}

TEST(Load, EveryActionHasAHelpTextAndAUniqueName) {
  for (const Action* action : all_actions()) {
    EXPECT_FALSE(action->help.empty()) << action->name;
    EXPECT_EQ(find_action(action->name), action);
    for (const Field& field : action->fields) {
      // It is what a message says is expected where the parameter is missing.
      EXPECT_FALSE(field.required && field.help.empty()) << action->name << " " << field.name;
    }
  }
}

}  // namespace
}  // namespace lockstep::scenario
