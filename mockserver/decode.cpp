#include "mockserver/decode.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <memory>

#include "http/message.h"

namespace lockstep::mock {

namespace {

// The least room for what is decoded next; there is as much again as there is text already.
constexpr std::size_t kChunk = std::size_t{4} * 1024;
// More codings than this on one body are an attack, not a wish.
constexpr int kMaxCodings = 4;

Decoded failure(std::string why) {
  Decoded result;
  result.error = std::move(why);
  return result;
}

Decoded too_large(std::size_t max_bytes) {
  Decoded result = failure("the decoded body exceeds " + std::to_string(max_bytes) + " bytes");
  result.too_large = true;
  return result;
}

// Text that grows chunk by chunk up to a limit.
class Output {
 public:
  explicit Output(std::size_t max_bytes) : max_bytes_(std::min(max_bytes, SIZE_MAX - 1)) {}

  // Room for the next bytes. One byte more than the limit may be written, which is how an excess is
  // noticed.
  std::size_t make_room() {
    const std::size_t allowed = max_bytes_ + 1 - text_.size();
    room_ = std::min(allowed, std::max(kChunk, text_.size()));
    used_ = text_.size();
    text_.resize(used_ + room_);
    return room_;
  }
  char* room() { return text_.data() + used_; }
  void wrote(std::size_t bytes) { text_.resize(used_ + bytes); }

  bool exceeded() const { return text_.size() > max_bytes_; }
  Decoded finish() && {
    Decoded result;
    result.text = std::move(text_);
    return result;
  }

 private:
  std::size_t max_bytes_;
  std::string text_;
  std::size_t used_ = 0;
  std::size_t room_ = 0;
};

struct InflateState {
  z_stream stream{};
  explicit InflateState(int window_bits) { inflateInit2(&stream, window_bits); }
  InflateState(const InflateState&) = delete;
  InflateState& operator=(const InflateState&) = delete;
  ~InflateState() { inflateEnd(&stream); }
};

constexpr int kGzip = MAX_WBITS + 16;
constexpr int kZlib = MAX_WBITS;
constexpr int kRaw = -MAX_WBITS;

Decoded inflate_all(std::string_view body, int window_bits, std::size_t max_bytes) {
  InflateState state(window_bits);
  z_stream& stream = state.stream;
  // zlib promises not to write to its input, but for old compilers' sake does not say so.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  Output output(max_bytes);
  while (true) {
    const std::size_t room = output.make_room();
    stream.next_out = reinterpret_cast<Bytef*>(output.room());
    stream.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream, Z_NO_FLUSH);
    output.wrote(room - stream.avail_out);
    if (output.exceeded()) return too_large(max_bytes);
    if (status == Z_STREAM_END) {
      if (stream.avail_in == 0) return std::move(output).finish();
      // RFC 1952 section 2.2: a gzip file may consist of several members.
      if (window_bits != kGzip) return failure("bytes follow the end of the stream");
      inflateReset(&stream);
      continue;
    }
    if (status == Z_BUF_ERROR || (status == Z_OK && stream.avail_in == 0 && stream.avail_out > 0)) {
      return failure("the stream breaks off");
    }
    if (status != Z_OK) {
      return failure(stream.msg != nullptr ? stream.msg : "the stream is damaged");
    }
  }
}

Decoded inflate_deflate(std::string_view body, std::size_t max_bytes) {
  Decoded zlib_form = inflate_all(body, kZlib, max_bytes);
  if (!zlib_form.error || zlib_form.too_large) return zlib_form;
  Decoded raw_form = inflate_all(body, kRaw, max_bytes);
  if (raw_form.error && !raw_form.too_large) return zlib_form;
  raw_form.note = "a raw deflate stream, where RFC 9110 section 8.4.1.2 asks for the zlib form";
  return raw_form;
}

Decoded decode_brotli(std::string_view body, std::size_t max_bytes) {
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  auto next_in = reinterpret_cast<const std::uint8_t*>(body.data());
  std::size_t left_in = body.size();
  Output output(max_bytes);
  while (true) {
    const std::size_t room = output.make_room();
    auto next_out = reinterpret_cast<std::uint8_t*>(output.room());
    std::size_t left_out = room;
    const auto status = BrotliDecoderDecompressStream(state.get(), &left_in, &next_in, &left_out,
                                                      &next_out, nullptr);
    output.wrote(room - left_out);
    if (output.exceeded()) return too_large(max_bytes);
    switch (status) {
      case BROTLI_DECODER_RESULT_SUCCESS:
        if (left_in != 0) return failure("bytes follow the end of the stream");
        return std::move(output).finish();
      case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
        return failure("the stream breaks off");
      case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        break;
      case BROTLI_DECODER_RESULT_ERROR:
        return failure(BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state.get())));
    }
  }
}

Decoded decode_zstd(std::string_view body, std::size_t max_bytes) {
  // Kept: making one costs more than decoding a body does.
  thread_local const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> context(ZSTD_createDCtx(),
                                                                                  ZSTD_freeDCtx);
  ZSTD_DCtx_reset(context.get(), ZSTD_reset_session_and_parameters);
  // RFC 9659: a Content-Encoding of zstd needs a window of at most 8 MB.
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, 23);
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  Output output(max_bytes);
  std::size_t hint = 1;
  do {
    const std::size_t room = output.make_room();
    ZSTD_outBuffer out{output.room(), room, 0};
    hint = ZSTD_decompressStream(context.get(), &out, &in);
    output.wrote(ZSTD_isError(hint) ? 0 : out.pos);
    if (ZSTD_isError(hint)) return failure(ZSTD_getErrorName(hint));
    if (output.exceeded()) return too_large(max_bytes);
    const bool stuck = in.pos == in.size && out.pos < room;
    if (hint != 0 && stuck) return failure("the stream breaks off");
  } while (hint != 0 || in.pos < in.size);
  return std::move(output).finish();
}

Decoded undo(std::string_view body, std::string_view coding, std::size_t max_bytes) {
  const auto is = [&](std::string_view name) { return http::equals_ignoring_case(coding, name); };
  if (is("gzip") || is("x-gzip")) return inflate_all(body, kGzip, max_bytes);
  if (is("deflate")) return inflate_deflate(body, max_bytes);
  if (is("br")) return decode_brotli(body, max_bytes);
  if (is("zstd")) return decode_zstd(body, max_bytes);
  Decoded result = failure("unknown coding \"" + std::string(coding) + '"');
  result.unsupported = true;
  return result;
}

}  // namespace

Decoded decode(std::string_view body, std::string_view coding, std::size_t max_bytes) {
  if (body.size() > max_bytes) return too_large(max_bytes);
  Decoded result;
  result.text = body;
  int undone = 0;
  while (!coding.empty()) {
    const auto comma = coding.rfind(',');
    const auto last =
        http::trimmed(comma == std::string_view::npos ? coding : coding.substr(comma + 1));
    coding = comma == std::string_view::npos ? std::string_view{} : coding.substr(0, comma);
    if (last.empty() || http::equals_ignoring_case(last, "identity")) continue;
    if (++undone > kMaxCodings) return failure("too many codings");
    Decoded next = undo(result.text, last, max_bytes);
    if (next.error) {
      next.error = std::string(last) + ": " + *next.error;
      return next;
    }
    if (next.note.empty()) next.note = result.note;
    result = std::move(next);
  }
  return result;
}

}  // namespace lockstep::mock
