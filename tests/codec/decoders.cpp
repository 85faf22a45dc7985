#include "decoders.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <array>
#include <cstdint>

namespace lockstep::test {
namespace {

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

std::optional<std::string> inflate_all(std::string_view text, int window_bits) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return std::nullopt;
  stream.next_in = const_cast<Bytef*>(bytes_of(text));
  stream.avail_in = static_cast<uInt>(text.size());
  std::string plain;
  std::array<char, 65536> piece{};
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = static_cast<uInt>(piece.size());
    status = inflate(&stream, Z_NO_FLUSH);
    plain.append(piece.data(), piece.size() - stream.avail_out);
  }
  const bool whole = status == Z_STREAM_END && stream.avail_in == 0;
  inflateEnd(&stream);
  return whole ? std::optional(std::move(plain)) : std::nullopt;
}

std::optional<std::string> decode_brotli(std::string_view text) {
  auto* const decoder = BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
  std::size_t left = text.size();
  const std::uint8_t* in = bytes_of(text);
  std::string plain;
  std::array<std::uint8_t, 65536> piece{};
  auto status = BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT;
  while (status == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
    std::size_t room = piece.size();
    std::uint8_t* out = piece.data();
    status = BrotliDecoderDecompressStream(decoder, &left, &in, &room, &out, nullptr);
    plain.append(reinterpret_cast<const char*>(piece.data()), piece.size() - room);
  }
  BrotliDecoderDestroyInstance(decoder);
  const bool whole = status == BROTLI_DECODER_RESULT_SUCCESS && left == 0;
  return whole ? std::optional(std::move(plain)) : std::nullopt;
}

std::optional<std::string> decode_zstd(std::string_view text) {
  const auto size = ZSTD_getFrameContentSize(text.data(), text.size());
  if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) return std::nullopt;
  std::string plain(size, '\0');
  const auto written = ZSTD_decompress(plain.data(), plain.size(), text.data(), text.size());
  return written == plain.size() ? std::optional(std::move(plain)) : std::nullopt;
}

}  // namespace

std::optional<std::string> decode(Compression compression, std::string_view text) {
  switch (compression) {
    case Compression::none:
      return std::string(text);
    case Compression::gzip:
      return inflate_all(text, MAX_WBITS + 16);  // gzip and nothing else
    case Compression::deflate:
      return inflate_all(text, MAX_WBITS);  // zlib and nothing else
    case Compression::br:
      return decode_brotli(text);
    case Compression::zstd:
      return decode_zstd(text);
  }
  return std::nullopt;
}

}  // namespace lockstep::test
