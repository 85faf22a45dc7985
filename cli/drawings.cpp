#include "cli/drawings.h"

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "scenarios/chrome_trace.h"
#include "scenarios/timeline.h"

namespace lockstep::cli {

bool can_be_written(const std::string& path) {
  namespace fs = std::filesystem;
  if (path.empty()) return true;
  const fs::path folder = fs::path(path).parent_path();
  std::error_code error;
  if (!fs::is_directory(path, error) && (folder.empty() || fs::is_directory(folder, error))) {
    return true;
  }
  std::cerr << "lockstep: cannot write " << path << '\n';
  return false;
}

bool write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (file.flush()) return true;
  std::cerr << "lockstep: cannot write " << path << '\n';
  return false;
}

bool Drawings::can_be_written() const {
  return cli::can_be_written(timeline) && cli::can_be_written(chrome_trace);
}

bool Drawings::write(const scenario::Run& run) const {
  const bool drawn = timeline.empty() || write_file(timeline, scenario::timeline(run));
  const bool traced = chrome_trace.empty() || write_file(chrome_trace, scenario::chrome_trace(run));
  return drawn && traced;
}

void add_drawing_options(CLI::App& verb, Drawings& drawings, const std::string& chrome_trace) {
  verb.add_option("--timeline", drawings.timeline,
                  "Draw the run over virtual time, as a page in this HTML file");
  verb.add_option(chrome_trace, drawings.chrome_trace,
                  "Write the run for Perfetto (Chrome trace events) to this JSON file");
}

}  // namespace lockstep::cli
