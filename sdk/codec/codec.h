// Request body compression.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace lockstep {

enum class Compression { none, gzip, deflate, br, zstd };

// The Content-Encoding token: "gzip", "deflate", "br", "zstd"; empty for none.
std::string_view content_encoding(Compression compression) noexcept;
// "none", "gzip", "deflate", "br", "zstd" (also "brotli"); nothing for another text.
std::optional<Compression> parse_compression(std::string_view name) noexcept;
std::string_view to_string(Compression compression) noexcept;

// Compresses request bodies, reusing one compressor per codec. "deflate" is the zlib form, as RFC
// 9110 section 8.4.1.2 defines it. The output is a function of the input alone. Not thread-safe.
class Compressor {
 public:
  Compressor();
  ~Compressor();
  Compressor(Compressor&&) noexcept;
  Compressor& operator=(Compressor&&) noexcept;

  // Throws std::runtime_error when the codec fails (out of memory).
  std::string compress(Compression compression, std::string_view body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lockstep
