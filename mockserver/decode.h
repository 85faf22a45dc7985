// Undoes a request's Content-Encoding.
//
// The rule of this file: no input makes it use much more memory than the limit it is given, and
// each failure says why. gzip, deflate (the zlib form of RFC 9110 section 8.4.1.2), br and zstd are
// known.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep::mock {

struct Decoded {
  std::string text;                  // empty where there is an error
  std::optional<std::string> error;  // for people
  bool too_large = false;            // the error is that the text exceeds the limit
  bool unsupported = false;          // the error is a coding nobody knows
  std::string note;                  // what was odd but could be read
};

// `coding` is the header's value: "" and "identity" are no coding, names are case-insensitive, a
// list is undone from its end. A deflate stream in raw form is read, with a note.
Decoded decode(std::string_view body, std::string_view coding, std::size_t max_bytes);

}  // namespace lockstep::mock
