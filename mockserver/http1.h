// HTTP/1.1 as text: requests read from bytes, heads of responses written. No socket here.
//
// The rule of this file: what RFC 9112 lets a recipient refuse, it refuses. Bytes may come in any
// pieces; the result is the same.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace lockstep::mock {

struct ReadLimits {
  std::size_t max_header_bytes = std::size_t{64} * 1024;
  std::size_t max_body_bytes = std::size_t{64} * 1024 * 1024;
};

// Reads one request after the other from a connection's bytes. Not thread-safe.
class RequestReader {
 public:
  enum class State {
    head,     // the head is not complete
    body,     // the head is, the body is not
    done,     // take() has a request
    refused,  // refusal() has a status; the connection is to be closed after the answer
  };

  explicit RequestReader(ReadLimits limits) : limits_(limits) {}

  // Adds bytes and goes as far as they reach.
  State feed(std::string_view bytes);
  State state() const noexcept { return state_; }
  // Whether any byte of the next request has come.
  bool has_begun() const noexcept { return state_ != State::head || !buffer_.empty(); }

  // The request; bytes that follow it belong to the next one, which may thus be done already.
  http::Request take();

  // The status with which a request that cannot be read is refused, and why.
  int refusal() const noexcept { return refusal_; }
  const std::string& problem() const noexcept { return problem_; }

  // In states body and done: whether the client keeps the connection open.
  bool keep_alive() const noexcept { return keep_alive_; }
  // In state body: whether the client waits for "100 Continue" before it sends the body.
  bool expects_continue() const noexcept { return expects_continue_; }

 private:
  enum class Framing { fixed, chunk_size, chunk_data, chunk_end, trailer };

  State advance();
  bool read_head();
  bool read_request_line(std::string_view line);
  bool read_field(std::string_view line);
  bool read_url(std::string_view target);
  bool read_framing();
  bool read_body();
  bool read_fixed();
  bool read_chunk_size();
  bool read_chunk_data();
  bool read_chunk_end();
  bool read_trailer();
  bool refuse(int status, std::string problem);
  std::string_view rest() const { return std::string_view(buffer_).substr(at_); }
  std::optional<std::string_view> line();

  ReadLimits limits_;
  State state_ = State::head;
  std::string buffer_;
  std::size_t at_ = 0;       // what of buffer_ has been read
  std::size_t scanned_ = 0;  // up to where the end of the head has been looked for
  http::Request request_;
  std::string target_;
  bool keep_alive_ = true;
  bool expects_continue_ = false;
  Framing framing_ = Framing::fixed;
  std::size_t left_ = 0;  // of the body, or of the chunk
  std::size_t trailer_bytes_ = 0;
  int refusal_ = 0;
  std::string problem_;
};

// How a response's body is delimited.
struct ResponseFraming {
  std::optional<std::size_t> content_length;
  bool chunked = false;
  bool close = false;
};

// Status line and headers. Framing headers that the response brings are replaced by `framing`; a
// field that would break the head (a line feed in it) is left out.
std::string response_head(const http::Response& response, const ResponseFraming& framing);

// Whether a response of that status never has a body (RFC 9110 section 6.4.1).
bool is_bodiless(int status) noexcept;

}  // namespace lockstep::mock
