#include "scenarios/explore/state.h"

#include <charconv>
#include <stdexcept>
#include <utility>

#include "clock/trace.h"
#include "scenarios/explore/family.h"
#include "scenarios/schema.h"

namespace lockstep::explore {

namespace {

// Of the form of the text: a change of it takes the next number.
constexpr std::string_view kFirstLine = "lockstep exploration, version 3";

// --- writing ------------------------------------------------------------------------------------

template <typename... Numbers>
void put(std::string& text, std::string_view name, Numbers... numbers) {
  text.append(name);
  (text.append(" ").append(std::to_string(numbers)), ...);
  text.append("\n");
}

void put_runs(std::string& text, std::string_view name, const std::vector<KeptRun>& runs) {
  put(text, name, runs.size());
  for (const KeptRun& run : runs) {
    // The parent counts from 1, so that 0 says that there is none.
    put(text, "run", run.origin.seed, run.origin.parent ? *run.origin.parent + 1 : 0, run.check);
  }
}

// --- reading ------------------------------------------------------------------------------------

class Reader {
 public:
  explicit Reader(std::string_view text) : left_(text) {}

  std::size_t line() const noexcept { return line_; }

  [[noreturn]] void fail(std::string_view expected) const {
    constexpr std::size_t kShown = 60;
    throw std::invalid_argument("line " + std::to_string(line_) + ": found " +
                                scenario::json_quoted(current_.substr(0, kShown)) + "; expected " +
                                std::string(expected));
  }

  // The next line, whole.
  std::string_view next() {
    ++line_;
    const std::size_t end = left_.find('\n');
    current_ = left_.substr(0, end);
    if (end == std::string_view::npos) fail("more lines: the file ends here");
    left_.remove_prefix(end + 1);
    return current_;
  }

  bool at_end() const noexcept { return left_.empty(); }

  // The next line, which begins with that word; what follows it.
  std::string_view after(std::string_view word) {
    std::string_view rest = next();
    if (!rest.starts_with(word) || rest.substr(word.size(), 1) != " ") {
      fail("\"" + std::string(word) + " ...\"");
    }
    return rest.substr(word.size() + 1);
  }

  std::uint64_t number(std::string_view word) {
    std::string_view rest = after(word);
    const std::uint64_t value = take_number(rest);
    if (!rest.empty()) fail("one number");
    return value;
  }

  // Takes a number, and the space behind it, off a line's rest.
  std::uint64_t take_number(std::string_view& rest) const {
    std::uint64_t value = 0;
    const char* const end = rest.data() + rest.size();
    const auto [stop, error] = std::from_chars(rest.data(), end, value);
    if (error != std::errc{} || (stop != end && *stop != ' ')) fail("a number of 64 bits");
    rest.remove_prefix(static_cast<std::size_t>(stop - rest.data()) + (stop != end ? 1 : 0));
    return value;
  }

  std::vector<KeptRun> runs(std::string_view word) {
    std::vector<KeptRun> found;
    for (std::uint64_t left = number(word); left > 0; --left) {
      std::string_view rest = after("run");
      KeptRun run;
      run.line = line_;
      run.origin.seed = take_number(rest);
      if (const std::uint64_t parent = take_number(rest)) run.origin.parent = parent - 1;
      run.check = take_number(rest);
      found.push_back(run);
    }
    return found;
  }

 private:
  std::string_view left_;
  std::string_view current_;
  std::size_t line_ = 0;
};

Duration nanoseconds(std::uint64_t count) { return Duration{static_cast<std::int64_t>(count)}; }

std::uint64_t count_of(Duration time) { return static_cast<std::uint64_t>(time.count()); }

void read_meaning(Reader& reader, State& state) {
  state.build = reader.number("build");
  state.first_seed = reader.number("first");
  state.round = reader.number("round");
  state.verify_one_in = reader.number("verify-one-in");
  state.novelty = reader.number("novelty") != 0;
  const std::string_view capture = reader.after("capture");
  if (capture != "drawn") state.capture = capture;
  const std::string_view workload = reader.after("workload");
  if (workload != "drawn") state.workload = workload;
}

void read_findings(Reader& reader, State& state) {
  state.runs = reader.number("runs");
  state.failed_runs = reader.number("failed");
  state.verified = reader.number("verified");
  state.seed_runs = reader.number("from-seeds");
  state.digest = reader.number("digest");
  state.virtual_time = nanoseconds(reader.number("virtual-ns"));
  state.real_time = nanoseconds(reader.number("real-ns"));
  for (std::uint64_t left = reader.number("families"); left > 0; --left) {
    std::string_view rest = reader.after("family");
    const std::uint64_t runs = reader.take_number(rest);
    state.families.emplace(rest, runs);
  }
  for (std::uint64_t left = reader.number("tables"); left > 0; --left) {
    std::vector<std::uint64_t>& counts = state.coverage[std::string(reader.after("table"))];
    std::string_view rest = reader.after("counts");
    while (!rest.empty()) counts.push_back(reader.take_number(rest));
  }
  state.corpus = reader.runs("corpus");
  state.failures = reader.runs("failures");
  for (std::uint64_t left = reader.number("transitions"); left > 0; --left) {
    std::string_view rest = reader.after("transition");
    SeenIn& seen = state.seen[reader.take_number(rest)];
    seen.runs = reader.take_number(rest);
    seen.seed_runs = reader.take_number(rest);
  }
}

// Over the traces of a few runs. A build that makes runs, or behaves in them, in another way has
// another one, but for what only other runs show.
std::uint64_t digest_of_build(const ExploreOptions& options) {
  constexpr std::uint64_t kSample = 16;
  std::uint64_t digest = kDigestStart;
  for (std::uint64_t seed = 1; seed <= kSample; ++seed) {
    const auto sample = scenario_of_seed(seed, options.capture, options.workload);
    digest = digest_number(digest, scenario::run(sample).digest);
  }
  return digest;
}

// The lines that say what seeds mean, in their order, which begins below the first line.
std::vector<std::pair<std::string_view, std::string>> meaning_lines(const State& state) {
  return {{"build", std::to_string(state.build)},
          {"first", std::to_string(state.first_seed)},
          {"round", std::to_string(state.round)},
          {"verify-one-in", std::to_string(state.verify_one_in)},
          {"novelty", state.novelty ? "1" : "0"},
          {"capture", state.capture.empty() ? "drawn" : state.capture},
          {"workload", state.workload.empty() ? "drawn" : state.workload}};
}

constexpr std::size_t kFirstMeaning = 2;
constexpr std::size_t kRunsLine = 9;

[[noreturn]] void fail_at(std::size_t line, const std::string& found, const std::string& expected) {
  throw std::invalid_argument("line " + std::to_string(line) + ": found " + found + "; expected " +
                              expected);
}

}  // namespace

std::string to_text(const State& state) {
  std::string text(kFirstLine);
  text += "\n";
  for (const auto& [name, value] : meaning_lines(state)) {
    text.append(name).append(" ").append(value).append("\n");
  }
  put(text, "runs", state.runs);
  put(text, "failed", state.failed_runs);
  put(text, "verified", state.verified);
  put(text, "from-seeds", state.seed_runs);
  put(text, "digest", state.digest);
  put(text, "virtual-ns", count_of(state.virtual_time));
  put(text, "real-ns", count_of(state.real_time));
  put(text, "families", state.families.size());
  for (const auto& [name, runs] : state.families) {
    text += "family " + std::to_string(runs) + " " + name + "\n";
  }
  put(text, "tables", state.coverage.size());
  for (const auto& [name, counts] : state.coverage) {
    text += "table " + name + "\ncounts";
    for (const std::uint64_t count : counts) text.append(" ").append(std::to_string(count));
    text += "\n";
  }
  put_runs(text, "corpus", state.corpus);
  put_runs(text, "failures", state.failures);
  put(text, "transitions", state.seen.size());
  for (const auto& [transition, seen] : state.seen) {
    put(text, "transition", transition, seen.runs, seen.seed_runs);
  }
  put(text, "checksum", digest_bytes(kDigestStart, text));
  return text;
}

State state_from_text(std::string_view text) {
  Reader reader(text);
  if (reader.next() != kFirstLine) reader.fail("\"" + std::string(kFirstLine) + "\"");
  State state;
  read_meaning(reader, state);
  read_findings(reader, state);
  const std::uint64_t checksum = reader.number("checksum");
  const std::size_t covered = text.rfind("checksum ");
  if (!reader.at_end()) reader.fail("the end of the file behind this line");
  if (checksum != digest_bytes(kDigestStart, text.substr(0, covered))) {
    reader.fail("the checksum of the lines above: they have changed");
  }
  return state;
}

State meaning_of(const ExploreOptions& options) {
  State state;
  state.build = digest_of_build(options);
  state.first_seed = options.first_seed;
  state.round = options.round;
  state.verify_one_in = options.verify_one_in;
  state.novelty = options.novelty;
  if (options.capture) state.capture = to_string(*options.capture);
  if (options.workload) state.workload = to_string(*options.workload);
  return state;
}

void expect_same_meaning(const State& found, const State& wanted, std::uint64_t seeds) {
  const auto lines = meaning_lines(found);
  const auto expected = meaning_lines(wanted);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto& [name, value] = lines[i];
    if (value == expected[i].second) continue;
    const std::string of = std::string(name) + " ";
    const bool is_build = name == "build";
    fail_at(kFirstMeaning + i, of + value,
            of + expected[i].second +
                (is_build ? ": in this build of Lockstep runs are others" : ", as in the options"));
  }
  if (found.runs <= seeds) return;
  fail_at(kRunsLine, std::to_string(found.runs) + " runs",
          "at most the " + std::to_string(seeds) + " that are asked for");
}

void expect_same_check(const KeptRun& kept, std::uint64_t check) {
  if (kept.check == check) return;
  fail_at(kept.line, "a run that is another when it is made again",
          "the state of this build of Lockstep");
}

std::string_view known_family(std::string_view name) {
  for (const auto table : {application_families(), flag_families(), fault_families()}) {
    for (const Family& family : table) {
      if (family.name == name) return family.name;
    }
  }
  throw std::invalid_argument("found the family \"" + std::string(name) +
                              "\"; expected one of this build of Lockstep");
}

}  // namespace lockstep::explore
