#include "cli/state_file.h"

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace lockstep::cli {

namespace {

volatile std::sig_atomic_t g_signal = 0;

}  // namespace

std::string StateFile::read() const {
  if (!std::filesystem::exists(path_)) return {};
  std::ifstream file(path_, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw std::runtime_error("cannot read it");
  // An empty file is no state, and no missing one either.
  return text.empty() ? "\n" : text;
}

void StateFile::write(const std::string& text) const {
  const std::string fresh = path_ + ".new";
  std::ofstream file(fresh, std::ios::binary);
  file << text;
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(fresh, path_, error);
  if (!file || error) throw std::runtime_error("cannot write it");
}

void remember_signals() {
  struct sigaction action {};
  action.sa_handler = [](int signal) { g_signal = signal; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int remembered_signal() noexcept { return g_signal; }

}  // namespace lockstep::cli
