// The file in which an exploration keeps its state, and the signals that stop one.
#pragma once

#include <string>

namespace lockstep::cli {

class StateFile {
 public:
  explicit StateFile(std::string path) : path_(std::move(path)) {}

  // What it holds; "" where there is no such file. Throws std::runtime_error where it cannot be
  // read.
  std::string read() const;
  // Whoever is stopped at any instant leaves the file whole: as it was, or as it is to be. Throws
  // std::runtime_error where it cannot be written.
  void write(const std::string& text) const;

 private:
  std::string path_;
};

// From now on SIGINT and SIGTERM are remembered instead of ending the program; a second one ends
// it.
void remember_signals();
// The one that came; 0: none.
int remembered_signal() noexcept;

}  // namespace lockstep::cli
