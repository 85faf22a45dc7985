#include "mockserver/http1.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <utility>

#include "http/field_rules.h"

namespace lockstep::mock {

namespace {

constexpr std::string_view kLineEnd = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";
// Longest line that gives a chunk's size: sixteen digits and some extensions.
constexpr std::size_t kMaxChunkLine = 1024;

// Whether a list header, "a, b", holds the word.
bool lists(const http::Headers& headers, std::string_view name, std::string_view word) {
  for (std::string_view value : headers.all(name)) {
    while (!value.empty()) {
      const auto comma = std::min(value.find(','), value.size());
      if (http::equals_ignoring_case(http::trimmed(value.substr(0, comma)), word)) return true;
      value.remove_prefix(std::min(comma + 1, value.size()));
    }
  }
  return false;
}

std::optional<std::size_t> parse_number(std::string_view digits, int base) {
  std::size_t number = 0;
  const auto end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, base);
  if (digits.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return number;
}

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 204:
      return "No Content";
    case 302:
      return "Found";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

}  // namespace

RequestReader::State RequestReader::feed(std::string_view bytes) {
  if (state_ == State::refused) return state_;
  buffer_ += bytes;
  return advance();
}

http::Request RequestReader::take() {
  http::Request taken = std::move(request_);
  request_ = {};
  buffer_.erase(0, at_);
  at_ = scanned_ = trailer_bytes_ = 0;
  state_ = State::head;
  advance();
  return taken;
}

RequestReader::State RequestReader::advance() {
  if (state_ == State::head && read_head()) state_ = State::body;
  while (state_ == State::body && read_body()) {
  }
  return state_;
}

bool RequestReader::refuse(int status, std::string problem) {
  state_ = State::refused;
  refusal_ = status;
  problem_ = std::move(problem);
  return false;
}

// --- the head -----------------------------------------------------------------------------------

bool RequestReader::read_head() {
  // RFC 9112 section 2.2: empty lines before a request are to be ignored.
  while (buffer_.starts_with(kLineEnd)) buffer_.erase(0, kLineEnd.size());
  const auto end = buffer_.find(kHeadEnd, scanned_);
  if (std::min(end, buffer_.size()) > limits_.max_header_bytes) {
    return refuse(431, "the head is too long");
  }
  if (end == std::string::npos) {
    scanned_ = buffer_.size() - std::min(buffer_.size(), kHeadEnd.size() - 1);
    return false;
  }
  std::string_view head = std::string_view(buffer_).substr(0, end);
  at_ = end + kHeadEnd.size();
  bool is_first = true;
  while (true) {
    const auto line_end = std::min(head.find(kLineEnd), head.size());
    const auto text = head.substr(0, line_end);
    if (!(is_first ? read_request_line(text) : read_field(text))) return false;
    is_first = false;
    if (line_end == head.size()) break;
    head.remove_prefix(line_end + kLineEnd.size());
  }
  return read_url(target_) && read_framing();
}

bool RequestReader::read_request_line(std::string_view line) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return refuse(400, "no request line");
  }
  const auto version = line.substr(last + 1);
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return refuse(400, "not HTTP/1");
  keep_alive_ = version == "HTTP/1.1";
  request_.method = line.substr(0, first);
  target_ = line.substr(first + 1, last - first - 1);
  return http::is_token(request_.method) || refuse(400, "no method");
}

bool RequestReader::read_field(std::string_view line) {
  const auto colon = line.find(':');
  const auto name = line.substr(0, std::min(colon, line.size()));
  if (colon == std::string_view::npos || !http::is_token(name)) return refuse(400, "a bad header");
  const auto value = http::trimmed(line.substr(colon + 1));
  if (!http::is_field_value(value)) return refuse(400, "a control character in a header");
  request_.headers.add(std::string(name), std::string(value));
  return true;
}

// The URL's authority is what the client says it is, since nothing depends on it.
bool RequestReader::read_url(std::string_view target) {
  const auto hosts = request_.headers.all("Host");
  if (hosts.size() > 1 || (hosts.empty() && keep_alive_)) return refuse(400, "one Host is needed");
  const std::string host(hosts.empty() || hosts[0].empty() ? "localhost" : hosts[0]);
  const bool is_origin_form = target.starts_with('/');
  auto url = http::Url::parse(is_origin_form ? "http://" + host + std::string(target)
                                             : std::string(target));
  if (!url) return refuse(400, "a bad request target");
  request_.url = std::move(*url);
  return true;
}

bool RequestReader::read_framing() {
  const http::Headers& headers = request_.headers;
  if (lists(headers, "Connection", "close")) keep_alive_ = false;
  const auto expect = headers.get("Expect");
  expects_continue_ = expect && http::equals_ignoring_case(*expect, "100-continue");

  const auto lengths = headers.all("Content-Length");
  const auto codings = headers.all("Transfer-Encoding");
  if (!codings.empty()) {
    // RFC 9112 section 6.3: both together is how requests are smuggled.
    if (!lengths.empty()) return refuse(400, "Content-Length beside Transfer-Encoding");
    if (codings.size() > 1 || !http::equals_ignoring_case(codings[0], "chunked")) {
      return refuse(501, "a transfer coding other than chunked");
    }
    framing_ = Framing::chunk_size;
    return true;
  }
  framing_ = Framing::fixed;
  left_ = 0;
  if (lengths.empty()) return true;
  const auto length = parse_number(lengths[0], 10);
  const bool agree = std::all_of(lengths.begin(), lengths.end(),
                                 [&](std::string_view one) { return one == lengths[0]; });
  if (!length || !agree) return refuse(400, "a bad Content-Length");
  if (*length > limits_.max_body_bytes) return refuse(413, "the body is too long");
  left_ = *length;
  request_.body.reserve(left_);
  return true;
}

// --- the body -----------------------------------------------------------------------------------

bool RequestReader::read_body() {
  switch (framing_) {
    case Framing::fixed:
      return read_fixed();
    case Framing::chunk_size:
      return read_chunk_size();
    case Framing::chunk_data:
      return read_chunk_data();
    case Framing::chunk_end:
      return read_chunk_end();
    case Framing::trailer:
      return read_trailer();
  }
  return false;
}

bool RequestReader::read_fixed() {
  const auto part = rest().substr(0, left_);
  request_.body += part;
  left_ -= part.size();
  at_ += part.size();
  if (at_ == buffer_.size()) {
    buffer_.clear();
    at_ = 0;
  }
  if (left_ == 0) state_ = State::done;
  return false;
}

std::optional<std::string_view> RequestReader::line() {
  const auto text = rest();
  const auto end = text.find(kLineEnd);
  if (std::min(end, text.size()) > kMaxChunkLine) {
    refuse(400, "a line of a chunked body is too long");
    return std::nullopt;
  }
  if (end == std::string_view::npos) return std::nullopt;
  at_ += end + kLineEnd.size();
  return text.substr(0, end);
}

bool RequestReader::read_chunk_size() {
  const auto text = line();
  if (!text) return false;
  const auto size = parse_number(http::trimmed(text->substr(0, text->find(';'))), 16);
  if (!size) return refuse(400, "a bad chunk size");
  if (*size > limits_.max_body_bytes - request_.body.size()) {
    return refuse(413, "the body is too long");
  }
  left_ = *size;
  framing_ = left_ == 0 ? Framing::trailer : Framing::chunk_data;
  return true;
}

bool RequestReader::read_chunk_data() {
  const auto part = rest().substr(0, left_);
  request_.body += part;
  left_ -= part.size();
  // What has been taken goes, so that the buffer does not grow with the body.
  buffer_.erase(0, at_ + part.size());
  at_ = 0;
  if (left_ != 0) return false;
  framing_ = Framing::chunk_end;
  return true;
}

bool RequestReader::read_chunk_end() {
  if (rest().size() < kLineEnd.size()) return false;
  if (!rest().starts_with(kLineEnd)) return refuse(400, "a chunk without its end");
  at_ += kLineEnd.size();
  framing_ = Framing::chunk_size;
  return true;
}

bool RequestReader::read_trailer() {
  const auto text = line();
  if (!text) return false;
  trailer_bytes_ += text->size();
  if (trailer_bytes_ > limits_.max_header_bytes) return refuse(431, "the trailer is too long");
  if (!text->empty()) return true;
  state_ = State::done;
  return false;
}

// --- responses ----------------------------------------------------------------------------------

bool is_bodiless(int status) noexcept { return status < 200 || status == 204 || status == 304; }

std::string response_head(const http::Response& response, const ResponseFraming& framing) {
  constexpr std::array<std::string_view, 3> kFraming{"Content-Length", "Transfer-Encoding",
                                                     "Connection"};
  std::string head =
      "HTTP/1.1 " + std::to_string(response.status) + ' ' + std::string(reason(response.status));
  head += kLineEnd;
  const auto add = [&head](std::string_view name, std::string_view value) {
    head += name;
    head += ": ";
    head += value;
    head += kLineEnd;
  };
  for (const http::Header& field : response.headers) {
    const bool is_framing = std::any_of(
        kFraming.begin(), kFraming.end(),
        [&](std::string_view name) { return http::equals_ignoring_case(field.name, name); });
    if (!is_framing && http::is_token(field.name) && http::is_field_value(field.value)) {
      add(field.name, field.value);
    }
  }
  if (framing.content_length) add("Content-Length", std::to_string(*framing.content_length));
  if (framing.chunked) add("Transfer-Encoding", "chunked");
  if (framing.close) add("Connection", "close");
  head += kLineEnd;
  return head;
}

}  // namespace lockstep::mock
