// The files into which `run` and `contract` draw what happened.
#pragma once

#include <string>

#include "scenarios/runner.h"

namespace CLI {
class App;
}

namespace lockstep::cli {

struct Drawings {
  std::string timeline;      // path of an HTML page; empty: none
  std::string chrome_trace;  // path of a JSON file for Perfetto; empty: none

  // Whether the traces have to be kept for them.
  bool wanted() const noexcept { return !timeline.empty() || !chrome_trace.empty(); }
  // Whether there is a place for what is wanted, asked before a long run; stderr says of one that
  // is none.
  bool can_be_written() const;
  // Writes what is wanted. False where a file cannot be written, which stderr then says.
  bool write(const scenario::Run& run) const;
};

// --timeline, and the Chrome trace under the name given.
void add_drawing_options(CLI::App& verb, Drawings& drawings, const std::string& chrome_trace);

// Whether a file may come to be there: its folder exists, and it is no folder itself. Of an empty
// path, which asks for none, it is so.
bool can_be_written(const std::string& path);
// False where the file cannot be written, which stderr then says.
bool write_file(const std::string& path, const std::string& text);

}  // namespace lockstep::cli
