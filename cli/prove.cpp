// `lockstep prove`: every state of small scopes, and whether all laws hold in each.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/numbers.h"
#include "cli/verbs.h"
#include "clock/system_clock.h"
#include "clock/trace.h"
#include "scenarios/node.h"
#include "scenarios/prove/prover.h"

namespace lockstep::cli {

namespace {

struct ProveArguments {
  std::vector<std::string> scopes;
  std::uint32_t events = 0;  // 0: the scope's own
  std::uint32_t faults = 0;
  std::uint64_t most_states = prove::ProveOptions{}.most_states;
  std::string format = "text";
};

struct Proven {
  prove::Scope scope;
  prove::Proof proof;
  double seconds = 0;
};

bool is_wanted(const std::string& name, const std::vector<std::string>& names) {
  return names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& one) {
           return name.starts_with(one);
         });
}

// The scopes that were named, with the sizes that were given; empty where a name fits none.
std::vector<prove::Scope> wanted(const ProveArguments& arguments) {
  std::vector<prove::Scope> all = prove::standard_scopes();
  for (const std::string& name : arguments.scopes) {
    const bool is_known = std::any_of(all.begin(), all.end(), [&](const prove::Scope& scope) {
      return scope.name.starts_with(name);
    });
    if (is_known) continue;
    std::cerr << "lockstep prove: found no scope \"" << name << "\"; there are";
    for (const prove::Scope& scope : all) std::cerr << " \"" << scope.name << '"';
    std::cerr << '\n';
    return {};
  }
  std::erase_if(
      all, [&](const prove::Scope& scope) { return !is_wanted(scope.name, arguments.scopes); });
  for (prove::Scope& scope : all) {
    if (arguments.events > 0) scope.events = arguments.events;
    if (arguments.faults > 0) scope.faults = arguments.faults;
  }
  return all;
}

Proven prove_one(prove::Scope scope, const ProveArguments& arguments) {
  SystemClock stopwatch;
  prove::ProveOptions options;
  options.most_states = arguments.most_states;
  if (isatty(STDERR_FILENO) != 0) {
    options.progress = [&](const prove::Proof& proof) {
      std::fprintf(stderr, "\r%s: %" PRIu64 " states, %u steps deep \033[K", scope.name.c_str(),
                   proof.states, proof.depth);
    };
  }
  const Instant begun = stopwatch.read().at;
  Proven done{std::move(scope), {}, 0};
  done.proof = prove::prove(done.scope, options);
  done.seconds = std::chrono::duration<double>(stopwatch.read().at - begun).count();
  if (options.progress) std::fputs("\r\033[K", stderr);
  return done;
}

void print_text(const Proven& one) {
  const prove::Proof& proof = one.proof;
  std::printf("%s  %-21s %u events, %u faults: %9" PRIu64 " states, %9" PRIu64
              " steps, %2u deep, %7" PRIu64 " ends  real %.2f s  digest %016" PRIx64 "\n",
              proof.counterexample ? "FAIL"
              : proof.closed       ? "pass"
                                   : "open",
              one.scope.name.c_str(), one.scope.events, one.scope.faults, proof.states, proof.steps,
              proof.depth, proof.ends, one.seconds, proof.digest);
  if (!proof.counterexample) return;
  std::printf("      %s\n", proof.counterexample->law.c_str());
  int number = 0;
  for (const std::string& step : proof.counterexample->steps) {
    std::printf("      %2d. %s\n", ++number, step.c_str());
  }
}

// In the form of the other verbs' reports: a suite with a test for each scope.
void print_json(const std::vector<Proven>& all, std::uint64_t digest) {
  std::printf("{\"trace_digest\":\"%016" PRIx64 "\",\"suites\":[{\"name\":\"prove\",\"tests\":[",
              digest);
  const char* separator = "\n  ";
  for (const Proven& one : all) {
    const prove::Proof& proof = one.proof;
    std::string message = proof.counterexample ? proof.counterexample->law : "";
    if (proof.counterexample) {
      for (const std::string& step : proof.counterexample->steps) message += "\n" + step;
    }
    std::printf("%s{\"name\":%s,\"passed\":%s,\"states\":%" PRIu64 ",\"steps\":%" PRIu64
                ",\"depth\":%u,\"ends\":%" PRIu64 ",\"duration_ms\":%.3f,\"digest\":\"%016" PRIx64
                "\",\"message\":%s}",
                separator, scenario::json_quoted(one.scope.name).c_str(),
                proof.closed ? "true" : "false", proof.states, proof.steps, proof.depth, proof.ends,
                one.seconds * 1000, proof.digest, scenario::json_quoted(message).c_str());
    separator = ",\n  ";
  }
  std::printf("]}]}\n");
}

std::string scopes_help() {
  std::string text = "Scopes:";
  for (const prove::Scope& scope : prove::standard_scopes()) {
    text += "\n  " + scope.name + ": " + scope.about;
  }
  return text;
}

int run_prove(const ProveArguments& arguments) {
  std::vector<prove::Scope> scopes = wanted(arguments);
  if (scopes.empty()) return kBadUsage;
  std::vector<Proven> all;
  std::uint64_t states = 0;
  std::uint64_t digest = kDigestStart;
  bool all_closed = true;
  for (prove::Scope& scope : scopes) {
    all.push_back(prove_one(std::move(scope), arguments));
    const prove::Proof& proof = all.back().proof;
    states += proof.states;
    digest = digest_number(digest, proof.digest);
    all_closed = all_closed && proof.closed;
    if (arguments.format == "text") print_text(all.back());
  }
  if (arguments.format == "json") {
    print_json(all, digest);
  } else {
    std::printf("%s: %" PRIu64 " states closed over %zu scopes; digest %016" PRIx64 "\n",
                all_closed ? "certificate" : "no certificate", states, all.size(), digest);
  }
  return all_closed ? kPassed : kFailed;
}

}  // namespace

void add_prove(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ProveArguments>();
  CLI::App* verb = app.add_subcommand(
      "prove",
      "Enumerate every state of small scopes and judge each step: exit 0 all closed and no law "
      "broken, 1 not, 2 bad usage.");
  verb->add_option("SCOPE", arguments->scopes, "Scopes, by the beginning of their name (all)");
  verb->add_option("--events", arguments->events, "At most so many events (the scope's own)")
      ->check(CLI::Range(1, 9));
  verb->add_option("--faults", arguments->faults, "At most so many faults (the scope's own)")
      ->check(CLI::Range(1, 9));
  add_number(*verb, "--most-states", arguments->most_states,
             "Give up after so many states of a scope", 1);
  verb->add_option("--format", arguments->format, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
  verb->footer(scopes_help());
  verb->callback([arguments, &exit_code] { exit_code = run_prove(*arguments); });
}

}  // namespace lockstep::cli
