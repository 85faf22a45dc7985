#include "sdk/codec/codec.h"

#include <brotli/encode.h>
#include <libdeflate.h>
#include <zstd.h>

#include <stdexcept>

namespace lockstep {

namespace {

// Levels that favour speed: events compress well at any level, and the host's thread has other work.
constexpr int kDeflateLevel = 4;
constexpr int kBrotliQuality = 4;
constexpr int kZstdLevel = 3;

struct FreeDeflate {
  void operator()(libdeflate_compressor* compressor) const noexcept {
    libdeflate_free_compressor(compressor);
  }
};
struct FreeZstd {
  void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
};

[[noreturn]] void fail(std::string_view codec) {
  throw std::runtime_error(std::string(codec) + " compression failed");
}

}  // namespace

std::string_view content_encoding(Compression compression) noexcept {
  return compression == Compression::none ? std::string_view() : to_string(compression);
}

std::string_view to_string(Compression compression) noexcept {
  switch (compression) {
    case Compression::none: return "none";
    case Compression::gzip: return "gzip";
    case Compression::deflate: return "deflate";
    case Compression::br: return "br";
    case Compression::zstd: return "zstd";
  }
  return "?";
}

std::optional<Compression> parse_compression(std::string_view name) noexcept {
  if (name == "brotli") return Compression::br;
  for (const auto compression : {Compression::none, Compression::gzip, Compression::deflate,
                                 Compression::br, Compression::zstd}) {
    if (name == to_string(compression)) return compression;
  }
  return std::nullopt;
}

struct Compressor::State {
  std::unique_ptr<libdeflate_compressor, FreeDeflate> deflate;
  std::unique_ptr<ZSTD_CCtx, FreeZstd> zstd;

  // gzip and deflate differ only in the frame around the same stream.
  std::string deflated(Compression compression, std::string_view body) {
    if (deflate == nullptr) deflate.reset(libdeflate_alloc_compressor(kDeflateLevel));
    if (deflate == nullptr) fail(to_string(compression));
    const bool gzip = compression == Compression::gzip;
    const auto bound = gzip ? libdeflate_gzip_compress_bound : libdeflate_zlib_compress_bound;
    const auto compress = gzip ? libdeflate_gzip_compress : libdeflate_zlib_compress;
    std::string out(bound(deflate.get(), body.size()), '\0');
    out.resize(compress(deflate.get(), body.data(), body.size(), out.data(), out.size()));
    if (out.empty()) fail(to_string(compression));
    return out;
  }

  static std::string brotli(std::string_view body) {
    std::size_t size = BrotliEncoderMaxCompressedSize(body.size());
    std::string out(size, '\0');
    const auto done = BrotliEncoderCompress(kBrotliQuality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT,
                                            body.size(),
                                            reinterpret_cast<const std::uint8_t*>(body.data()), &size,
                                            reinterpret_cast<std::uint8_t*>(out.data()));
    if (done == BROTLI_FALSE) fail("br");
    out.resize(size);
    return out;
  }

  std::string zstandard(std::string_view body) {
    if (zstd == nullptr) zstd.reset(ZSTD_createCCtx());
    if (zstd == nullptr) fail("zstd");
    std::string out(ZSTD_compressBound(body.size()), '\0');
    const std::size_t size = ZSTD_compressCCtx(zstd.get(), out.data(), out.size(), body.data(),
                                               body.size(), kZstdLevel);
    if (ZSTD_isError(size) != 0) fail("zstd");
    out.resize(size);
    return out;
  }
};

Compressor::Compressor() : state_(std::make_unique<State>()) {}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

std::string Compressor::compress(Compression compression, std::string_view body) {
  switch (compression) {
    case Compression::none: return std::string(body);
    case Compression::gzip:
    case Compression::deflate: return state_->deflated(compression, body);
    case Compression::br: return State::brotli(body);
    case Compression::zstd: return state_->zstandard(body);
  }
  return std::string(body);
}

}  // namespace lockstep
