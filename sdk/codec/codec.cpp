#include "sdk/codec/codec.h"

#include <brotli/encode.h>
#include <libdeflate.h>
#include <zstd.h>

#include <cstdint>
#include <stdexcept>

namespace lockstep {
namespace {

// Levels that favour speed: events compress well at any level, and the host's thread has other
// work.
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

[[noreturn]] void fail(Compression compression) {
  throw std::runtime_error(std::string(to_string(compression)) + " compression failed");
}

}  // namespace

std::string_view content_encoding(Compression compression) noexcept {
  return compression == Compression::none ? std::string_view() : to_string(compression);
}

std::string_view to_string(Compression compression) noexcept {
  switch (compression) {
    case Compression::none:
      return "none";
    case Compression::gzip:
      return "gzip";
    case Compression::deflate:
      return "deflate";
    case Compression::br:
      return "br";
    case Compression::zstd:
      return "zstd";
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
  // gzip and deflate differ only in the frame around the same stream. Neither frame has a time in
  // it.
  std::string deflated(Compression compression, std::string_view body) {
    if (deflate_ == nullptr) deflate_.reset(libdeflate_alloc_compressor(kDeflateLevel));
    if (deflate_ == nullptr) fail(compression);
    const bool gzip = compression == Compression::gzip;
    const auto bound = gzip ? libdeflate_gzip_compress_bound : libdeflate_zlib_compress_bound;
    const auto compress = gzip ? libdeflate_gzip_compress : libdeflate_zlib_compress;
    const std::size_t capacity = make_room(bound(deflate_.get(), body.size()));
    const std::size_t size =
        compress(deflate_.get(), body.data(), body.size(), room_.data(), capacity);
    if (size == 0) fail(compression);
    return room_.substr(0, size);
  }

  // The library has no encoder that can be used twice.
  std::string brotli(std::string_view body) {
    std::size_t size = make_room(BrotliEncoderMaxCompressedSize(body.size()));
    const auto* in = reinterpret_cast<const std::uint8_t*>(body.data());
    auto* out = reinterpret_cast<std::uint8_t*>(room_.data());
    if (BrotliEncoderCompress(kBrotliQuality, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, body.size(),
                              in, &size, out) == BROTLI_FALSE) {
      fail(Compression::br);
    }
    return room_.substr(0, size);
  }

  std::string zstandard(std::string_view body) {
    if (zstd_ == nullptr) zstd_.reset(ZSTD_createCCtx());
    if (zstd_ == nullptr) fail(Compression::zstd);
    const std::size_t capacity = make_room(ZSTD_compressBound(body.size()));
    const std::size_t size = ZSTD_compressCCtx(zstd_.get(), room_.data(), capacity, body.data(),
                                               body.size(), kZstdLevel);
    if (ZSTD_isError(size) != 0) fail(Compression::zstd);
    return room_.substr(0, size);
  }

 private:
  // Returns `size`, which is what the codec is told: how much more room there happens to be must
  // not show in its output.
  std::size_t make_room(std::size_t size) {
    if (room_.size() < size) room_.resize(size);
    return size;
  }

  std::unique_ptr<libdeflate_compressor, FreeDeflate> deflate_;
  std::unique_ptr<ZSTD_CCtx, FreeZstd> zstd_;
  // Where the codecs write: as long as the worst case of the largest body so far. What is handed
  // out is a copy of the right length, since bodies may wait long for their retry.
  std::string room_;
};

Compressor::Compressor() : state_(std::make_unique<State>()) {}
Compressor::~Compressor() = default;
Compressor::Compressor(Compressor&&) noexcept = default;
Compressor& Compressor::operator=(Compressor&&) noexcept = default;

std::string Compressor::compress(Compression compression, std::string_view body) {
  switch (compression) {
    case Compression::none:
      return std::string(body);
    case Compression::gzip:
    case Compression::deflate:
      return state_->deflated(compression, body);
    case Compression::br:
      return state_->brotli(body);
    case Compression::zstd:
      return state_->zstandard(body);
  }
  return std::string(body);
}

}  // namespace lockstep
