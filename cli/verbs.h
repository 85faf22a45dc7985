// The verbs of the tool. Each has a file of its own, which adds its subcommand to the application;
// what runs writes its exit status: 0 all passed, 1 something failed, 2 bad usage or bad input.
#pragma once

namespace CLI {
class App;
}

namespace lockstep::cli {

inline constexpr int kPassed = 0;
inline constexpr int kFailed = 1;
inline constexpr int kBadUsage = 2;

void add_actions(CLI::App& app, int& exit_code);
void add_adapter(CLI::App& app, int& exit_code);
void add_contract(CLI::App& app, int& exit_code);
void add_explore(CLI::App& app, int& exit_code);
void add_mock(CLI::App& app, int& exit_code);
void add_prove(CLI::App& app, int& exit_code);
void add_replay(CLI::App& app, int& exit_code);
void add_run(CLI::App& app, int& exit_code);

}  // namespace lockstep::cli
