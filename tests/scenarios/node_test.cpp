#include "scenarios/node.h"

#include <gtest/gtest.h>

namespace lockstep::scenario {
namespace {

Node parsed(const std::string& text) {
  std::vector<Problem> problems;
  Node node = parse_yaml(text, "f.yaml", problems);
  EXPECT_TRUE(problems.empty()) << problems.front().to_text();
  return node;
}

std::string problem_of(const std::string& text) {
  std::vector<Problem> problems;
  parse_yaml(text, "f.yaml", problems);
  return problems.empty() ? "" : problems.front().to_text();
}

TEST(Node, ReadsPlainScalarsByYamlsCoreSchema) {
  const Node node =
      parsed("[12, -3, 0x1f, 1.5, 1e3, true, null, ~, word, '12', \"true\", 1.2.3, -, inf]");
  const std::vector<Node::Kind> kinds{Node::Kind::integer, Node::Kind::integer, Node::Kind::integer,
                                      Node::Kind::real,    Node::Kind::real,    Node::Kind::boolean,
                                      Node::Kind::null,    Node::Kind::null,    Node::Kind::text,
                                      Node::Kind::text,    Node::Kind::text,    Node::Kind::text,
                                      Node::Kind::text,    Node::Kind::text};
  ASSERT_EQ(node.items().size(), kinds.size());
  for (std::size_t i = 0; i < kinds.size(); ++i) EXPECT_EQ(node.items()[i].kind(), kinds[i]) << i;
  EXPECT_EQ(node.items()[2].integer(), 31);
  EXPECT_EQ(node.items()[4].real(), 1000.0);
}

TEST(Node, RemembersWhereEverythingStood) {
  const Node node = parsed("a: 1\nb:\n  - x\n  - {c: y}\n");
  EXPECT_EQ(node.entries()[1].at.line, 2);
  const Node& inner = node.find("b")->items()[1];
  EXPECT_EQ(inner.at().line, 4);
  EXPECT_EQ(inner.at().column, 5);
  EXPECT_EQ(inner.find("c")->at().column, 9);
}

TEST(Node, IsWrittenAsJsonInTheOrderOfTheFile) {
  EXPECT_EQ(parsed("{b: 1, a: [x, 2.5, null, true], c: {}, d: \"q\\\"\\n\"}").to_json(),
            R"({"b":1,"a":["x",2.5,null,true],"c":{},"d":"q\"\n"})");
}

TEST(Node, AliasesRepeatWhatTheyName) {
  EXPECT_EQ(parsed("a: &x [1, 2]\nb: *x\n").to_json(), R"({"a":[1,2],"b":[1,2]})");
}

TEST(Node, ARepeatedKeyIsAProblem) {
  EXPECT_EQ(problem_of("a: 1\nb: 2\na: 3\n"),
            "f.yaml:3:1: found the key \"a\" a second time; expected each key once");
}

TEST(Node, BrokenYamlIsAProblemWithItsPlace) {
  EXPECT_EQ(problem_of("a: [1, 2\nb: 3\n").substr(0, 43),
            "f.yaml:2:2: found YAML that cannot be read ");
}

TEST(Node, AByteThatIsNotUtf8IsAProblemWithItsPlace) {
  const std::string said = ": found a byte that is not UTF-8; expected UTF-8";
  EXPECT_EQ(problem_of("a: \xC3\xA4\nb: \xC3\xA4\xFF\n"), "f.yaml:2:5" + said);
  for (const char* bad : {"\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80",
                          "\xF0\x9F\x98", "\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_EQ(problem_of(bad), "f.yaml:1:1" + said);
  }
  EXPECT_EQ(parsed("\xF0\x9F\x98\x80\xEF\xBF\xBF").text().size(), 7u);
}

TEST(Node, ASecondDocumentIsAProblem) {
  EXPECT_EQ(problem_of("a: 1\n---\nb: 2\n"),
            "f.yaml:3:1: found a second document; expected one document in a file");
}

TEST(Node, AnAliasThatGrowsWithoutEndIsAProblem) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) text += (j == 0 ? "" : ", ") + before;
    text += "]\n";
  }
  EXPECT_NE(problem_of(text).find("expected a document of at most"), std::string::npos);
}

}  // namespace
}  // namespace lockstep::scenario
