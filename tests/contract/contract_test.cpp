// The contract's loader: what it makes of right files, and what it says about wrong ones, to the
// letter. A wrong file is refused as a whole, before anything runs.
#include "scenarios/contract/contract.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace lockstep::contract {
namespace {

namespace fs = std::filesystem;

// Files in a folder of the test's own, which goes with it.
class Folder {
 public:
  Folder() : path_(fs::path(testing::TempDir()) / unique_name()) { fs::create_directories(path_); }
  ~Folder() { fs::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string add(const std::string& name, const std::string& text) const {
    const fs::path file = path_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file.string();
  }
  // The problems of the file, without the folder's name.
  std::vector<std::string> problems_of(const std::string& file) const {
    std::vector<std::string> texts;
    for (const scenario::Problem& problem : load(file).problems) {
      std::string text = problem.to_text();
      const std::string prefix = path_.string() + "/";
      for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
        text.erase(at, prefix.size());
      }
      texts.push_back(std::move(text));
    }
    return texts;
  }

 private:
  static std::string unique_name() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    return std::string("lockstep-") + test->test_suite_name() + "-" + test->name();
  }
  fs::path path_;
};

// A contract of one suite, one category and these tests.
std::string suite_of(const std::string& tests) {
  return "test_suites:\n  s:\n    categories:\n      c:\n        tests:\n" + tests;
}

std::string test_of(const std::string& step) {
  return suite_of("          - name: t\n            steps:\n              - " + step + "\n");
}

struct Wrong {
  const char* what;
  std::string text;
  const char* message;
};

const Wrong kWrong[] = {
    {"an empty file", "",
     "C.yaml:1:1: found a file without \"test_suites\"; expected a map of suites under "
     "\"test_suites\""},
    {"suites that are a list", "test_suites: [a]\n",
     "C.yaml:1:14: found a list; expected a map of suites under \"test_suites\""},
    {"a suite that is nothing", "test_suites:\n  s:\n",
     "C.yaml:2:3: found the suite \"s\" without \"categories\"; expected a map of categories"},
    {"a mistyped key of a suite", "test_suites:\n  s:\n    require: x\n    categories: {}\n",
     "C.yaml:3:5: found \"require\" in the suite \"s\"; expected one of description, requires, "
     "categories"},
    {"requirements of a wrong type", "test_suites:\n  s:\n    requires: [1]\n    categories: {}\n",
     "C.yaml:3:15: found a list; expected a capability, or a list of them"},
    {"a test without a name", suite_of("          - steps: []\n"),
     "C.yaml:6:13: found the test without \"name\"; expected the test's name"},
    {"an unknown flavour", suite_of("          - {name: t, sdk_types: [mobile], steps: []}\n"),
     "C.yaml:6:34: found a list; expected one of server, client (not \"mobile\") as "
     "\"sdk_types\" of the test"},
    {"a test twice",
     suite_of("          - {name: t, steps: []}\n          - {name: t, steps: []}\n"),
     "C.yaml:7:13: found a second test \"s.c.t\"; expected a name of its own"},
    {"an unknown action", test_of("action: assert_nothing"),
     "C.yaml:8:25: found the action \"assert_nothing\"; expected an action of the contract"},
    {"a step without an action", test_of("params: {}"),
     "C.yaml:8:17: found the step without \"action\"; expected the name of an action"},
    {"parameters beside params", test_of("{action: wait, duration_ms: 5}"),
     "C.yaml:8:32: found \"duration_ms\" in the step; expected one of action, description, params"},
    {"a missing parameter", test_of("action: wait"),
     "C.yaml:8:17: found action \"wait\" without \"duration_ms\"; expected milliseconds"},
    {"a mistyped parameter", test_of("{action: wait, params: {duration_ms: long}}"),
     "C.yaml:8:54: found the text \"long\"; expected a whole number as \"duration_ms\" of action "
     "\"wait\""},
    {"an unknown parameter", test_of("{action: flush, params: {now: true}}"),
     "C.yaml:8:42: found \"now\" in action \"flush\"; expected no parameters"},
    {"broken YAML", "test_suites: [\n",
     "C.yaml:2:1: found YAML that cannot be read (end of sequence flow not found); expected valid "
     "YAML"},
    {"a file that is not there", "test_suites: !include other.yaml\n",
     "C.yaml:1:14: found no such file; expected a contract file in place of other.yaml"},
    {"a file that includes itself", "test_suites: !include C.yaml\n",
     "C.yaml:1:14: found an !include of \"C.yaml\"; expected a file that does not include itself"},
};

TEST(ContractFile, EachThingThatCanBeWrongIsNamedWithItsPlace) {
  const Folder folder;
  for (const Wrong& wrong : kWrong) {
    const std::string file = folder.add("C.yaml", wrong.text);
    EXPECT_EQ(folder.problems_of(file), std::vector<std::string>{wrong.message}) << wrong.what;
  }
}

TEST(ContractFile, AProblemInAnIncludedFileNamesThatFile) {
  const Folder folder;
  folder.add("parts/s.yaml", "categories:\n  c:\n    tests:\n      - {name: t, step: []}\n");
  const std::string file = folder.add("C.yaml", "test_suites:\n  s: !include parts/s.yaml\n");
  EXPECT_EQ(folder.problems_of(file),
            (std::vector<std::string>{
                "parts/s.yaml:4:19: found \"step\" in the test; expected one of name, "
                "description, sdk_types, requires, steps",
                "parts/s.yaml:4:9: found the test without \"steps\"; expected a list of steps"}));
}

TEST(ContractFile, AFileThatIsNotThereIsAProblem) {
  const Contract contract = load("/nowhere/CONTRACT.yaml");
  ASSERT_EQ(contract.problems.size(), 1u);
  EXPECT_EQ(contract.problems[0].to_text(),
            "/nowhere/CONTRACT.yaml:1:1: found no such file; expected a contract file");
}

TEST(ContractFile, WhatIsNoRegularFileIsNotReadAndNamed) {
  const Contract contract = load("/dev/null");
  ASSERT_EQ(contract.problems.size(), 1u);
  EXPECT_EQ(contract.problems[0].to_text(),
            "/dev/null:1:1: found what is no regular file; expected a contract file");
}

TEST(ContractFile, AGiantFileIsRefusedUnread) {
  const Folder folder;
  const std::string file = folder.add("C.yaml", "");
  fs::resize_file(file, 100 * 1024 * 1024);
  EXPECT_EQ(folder.problems_of(file),
            std::vector<std::string>{"C.yaml:1:1: found a file of 104857600 bytes, more than the "
                                     "8388608 that are read; expected a contract file"});
}

TEST(ContractFile, DeepNestingIsAProblemAndNoCrash) {
  const Folder folder;
  const std::string file = folder.add("C.yaml", "test_suites: " + std::string(200'000, '['));
  EXPECT_FALSE(load(file).problems.empty());
}

TEST(ContractFile, ATestInheritsWhatItsSuiteRequires) {
  const Folder folder;
  const std::string file = folder.add(
      "C.yaml",
      "version: 7\ntest_suites:\n  s:\n    requires: a\n    categories:\n      c:\n        tests:\n"
      "          - {name: t, requires: [b, c], sdk_types: [client], steps: [{action: flush}]}\n"
      "          - {name: u, steps: []}\n");
  const Contract contract = load(file);
  ASSERT_TRUE(contract.problems.empty()) << contract.problems[0].to_text();
  ASSERT_EQ(contract.tests.size(), 2u);
  const contract::Test& test = contract.tests[0];
  EXPECT_EQ(test.full_name(), "s.c.t");
  EXPECT_EQ(test.requirements, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(test.missing({"a", "c"}), "b");
  EXPECT_EQ(test.missing({"a", "b", "c", "d"}), "");
  EXPECT_TRUE(test.is_for("client"));
  EXPECT_FALSE(test.is_for("server"));
  EXPECT_TRUE(contract.tests[1].is_for("server"));
  EXPECT_EQ(contract.suites, std::vector<std::string>{"s"});
}

}  // namespace
}  // namespace lockstep::contract
