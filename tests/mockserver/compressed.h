// Bodies in the encodings that the mock server decodes.
#pragma once

#include <string>
#include <string_view>

namespace lockstep::mock {

std::string gzipped(std::string_view text);
std::string deflated(std::string_view text);      // the zlib form
std::string raw_deflated(std::string_view text);  // without the zlib header
std::string brotlied(std::string_view text);
std::string zstded(std::string_view text);

}  // namespace lockstep::mock
