#include "sdk/transport/curl_transport.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <climits>
#include <map>
#include <new>
#include <set>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "sdk/transport/message_rules.h"

// How the parts lie: ResponseReader takes what libcurl reads and keeps it within the limits;
// error_kind() and describe() put libcurl's codes into our words; a Transfer is one request with
// its easy handle, and Setup tells the handle what to do; Impl is the multi handle and its
// transfers.
//
// Deadlines are kept here, not by CURLOPT_TIMEOUT_MS: they are instants of our clock, and libcurl
// does not look at its own timeout while a request waits for a connection.

namespace lockstep {
namespace {

using http::TransportErrorKind;

// Whitespace around a field's value, and the line break after it, are no part of it.
std::string_view trim(std::string_view text) noexcept {
  constexpr std::string_view kBlank = " \t\r\n";
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

// --- reading a response --------------------------------------------------------------------------

// Takes a response line by line and piece by piece, and says no when it grows over its limits.
class ResponseReader {
 public:
  explicit ResponseReader(const TransferLimits& limits) : limits_(limits) {}

  // One line, with its line break: a status line, a field, or the empty line that ends a header.
  // False: too large.
  bool take_line(std::string_view line) {
    const auto text = trim(line);
    if (text.empty()) return end_header();
    if (!spend(text)) return false;
    if (state_ == State::before_header && text.starts_with("HTTP/")) {
      begin_header(text);
    } else if (state_ == State::in_header && !interim()) {
      take_field(line, text);
    }
    return true;  // a field of an interim response, or of a trailer, which nobody asked for
  }

  // False: too large.
  bool take_body(std::string_view bytes) {
    too_large_ = too_large_ || bytes.size() > limits_.max_body_bytes - body_.size();
    if (!too_large_) body_ += bytes;
    return !too_large_;
  }

  bool too_large() const noexcept { return too_large_; }
  bool has_header() const noexcept { return state_ == State::after_header; }

  http::Response take() {
    http::Response response{status_, {}, std::move(body_)};
    for (auto& [name, value] : fields_) response.headers.add(std::move(name), std::move(value));
    return response;
  }

 private:
  enum class State { before_header, in_header, after_header };

  // Interim responses and trailers cost as much as any other line: neither may go on for ever.
  bool spend(std::string_view text) noexcept {
    header_cost_ += transport::header_cost(text, {});
    too_large_ = too_large_ || header_cost_ > limits_.max_header_bytes;
    return !too_large_;
  }

  bool interim() const noexcept { return status_ < 200; }

  void begin_header(std::string_view status_line) {
    state_ = State::in_header;
    status_ = 0;
    const auto space = std::min(status_line.find(' '), status_line.size());
    const auto rest = trim(status_line.substr(space));
    std::from_chars(rest.data(), rest.data() + rest.size(), status_);
  }

  bool end_header() noexcept {
    if (state_ == State::in_header) state_ = interim() ? State::before_header : State::after_header;
    return true;
  }

  void take_field(std::string_view line, std::string_view text) {
    const bool folded = line.front() == ' ' || line.front() == '\t';
    if (folded && !fields_.empty()) {
      // RFC 9112 section 5.2: a value that goes on in the next line is joined by a space.
      fields_.back().value.append(" ").append(text);
      return;
    }
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return;
    fields_.push_back(
        {std::string(trim(text.substr(0, colon))), std::string(trim(text.substr(colon + 1)))});
  }

  const TransferLimits limits_;
  State state_ = State::before_header;
  int status_ = 0;
  std::vector<http::Header> fields_;
  std::string body_;
  std::size_t header_cost_ = 0;
  bool too_large_ = false;
};

// --- what libcurl says, in our words -------------------------------------------------------------

// What libcurl knows of a failure.
struct Failure {
  CURLcode code;
  std::string_view text;  // its own words, which may quote what it read
  bool has_header;        // the whole header of the response had been read
  bool sent_before;       // the request had gone out on a connection that then broke
  int os_error;
};

TransportErrorKind error_kind(const Failure& failure) noexcept {
  using enum TransportErrorKind;
  switch (failure.code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return resolve;
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED:
    case CURLE_PROXY:
    case CURLE_OPERATION_TIMEDOUT:  // the connect timeout: libcurl is told of no other
      return connect;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_ENGINE_SETFAILED:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_ENGINE_INITFAILED:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_CLIENTCERT:
      return tls;
    case CURLE_FILESIZE_EXCEEDED:
      return response_too_large;
    case CURLE_OUT_OF_MEMORY:  // what libcurl says to a single line that exceeds its own limit
      return failure.has_header ? truncated : response_too_large;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:  // above all HTTP/0.9, that is, any text at all
    case CURLE_URL_MALFORMAT:
    case CURLE_BAD_CONTENT_ENCODING:
      return malformed;
    default:
      break;
  }
  // For these libcurl has a text, but no code of their own.
  if (failure.text.starts_with("Too large response headers")) return response_too_large;
  if (failure.text.starts_with("CONNECT tunnel failed")) return connect;
  if (failure.text.find("chunk") != std::string_view::npos) return malformed;
  return failure.has_header ? truncated : reset;
}

// Text for people. libcurl's own words only where they come from before the request was sent, so
// that nothing of the request or the response can be in them.
std::string describe(const Failure& failure, TransportErrorKind kind) {
  if (kind == TransportErrorKind::response_too_large) return "the header or body exceeds its limit";
  if (kind == TransportErrorKind::connect && failure.code == CURLE_OPERATION_TIMEDOUT) {
    return "no connection within the connect timeout";
  }
  if (failure.sent_before) return "the connection broke before the answer";
  std::string detail = curl_easy_strerror(failure.code);
  if (kind == TransportErrorKind::tls && !failure.text.empty()) {
    detail.append(": ").append(failure.text);
  } else if (kind == TransportErrorKind::connect && failure.os_error != 0) {
    detail.append(": ").append(std::generic_category().message(failure.os_error));
  }
  return detail;
}

http::TransportError timeout_error() {
  return {TransportErrorKind::timeout, "no whole response by the deadline"};
}

// --- one transfer --------------------------------------------------------------------------------

struct FreeEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;

struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

// libcurl holds pointers into it: it stays where it is until its handle has left the multi handle.
struct Transfer {
  Transfer(TransferId an_id, http::Request a_request, const TransferLimits& some_limits)
      : id(an_id), request(std::move(a_request)), limits(some_limits), reader(some_limits) {}

  const TransferId id;
  const http::Request request;
  const TransferLimits limits;
  Easy easy;
  List fields;
  ResponseReader reader;
  int sendings = 0;
  std::array<char, CURL_ERROR_SIZE> error_text{};
};

std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return transfer.reader.take_line({data, size * count}) ? size * count : 0;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  return transfer.reader.take_body({data, size * count}) ? size * count : 0;
}

// Called before a request goes out on a connection. When a connection that was kept alive breaks
// without an answer, libcurl would quietly send the request once more; but the server may have
// processed it, and every attempt is the engine's to decide on and to count.
int on_send(void* user, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(user);
  return ++transfer.sendings == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

// The transport's own affair: how long the body is, how it travels, and that the answer comes as it
// is.
bool is_framing(std::string_view name) noexcept {
  constexpr std::array<std::string_view, 4> kFraming{"Accept-Encoding", "Content-Length", "Expect",
                                                     "Transfer-Encoding"};
  return std::any_of(kFraming.begin(), kFraming.end(), [&](std::string_view framing) {
    return http::equals_ignoring_case(name, framing);
  });
}

List header_list(const http::Headers& headers) {
  List list;
  const auto append = [&](const std::string& line) {
    auto* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const auto& [name, value] : headers) {
    if (is_framing(name)) continue;
    // "Name;" is how libcurl is told to send a field without a value; "Name:" would drop it.
    const auto text = trim(value);
    append(text.empty() ? name + ";" : name + ": " + std::string(text));
  }
  append("Expect:");                                          // no round trip before the body
  if (!headers.has("Content-Type")) append("Content-Type:");  // not the one of a form
  return list;
}

// In libcurl's milliseconds, rounded up; never 0, which stands for "no limit" there.
long to_milliseconds(Duration span) noexcept {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(
      std::clamp(span, Duration{1}, Duration{std::chrono::hours{24}}));
  return static_cast<long>(count.count());
}

// Sets options until one fails.
class Setup {
 public:
  explicit Setup(Transfer& transfer) : transfer_(transfer), easy_(transfer.easy.get()) {}

  CURLcode run(const CurlOptions& options) {
    set_rules();
    set_route(options);
    set_request();
    set_callbacks();
    return code_;
  }

 private:
  template <typename Value>
  void set(CURLoption option, Value value) {
    if (code_ == CURLE_OK) code_ = curl_easy_setopt(easy_, option, value);
  }
  void set_text(CURLoption option, const std::string& text) {
    if (!text.empty()) set(option, text.c_str());
  }

  void set_rules() {
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_HTTP09_ALLOWED, 0L);
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    set(CURLOPT_CONNECTTIMEOUT_MS, to_milliseconds(transfer_.limits.connect_timeout));
    // A cancelled transfer does not wait for the resolver's thread, which may take long; the thread
    // cleans up after itself.
    set(CURLOPT_QUICK_EXIT, 1L);
    // Spares reading a body whose declared length is too large. 0 would mean no limit.
    const auto body_limit = std::min<std::size_t>(transfer_.limits.max_body_bytes, INT64_MAX);
    set(CURLOPT_MAXFILESIZE_LARGE, static_cast<curl_off_t>(body_limit));
    // A libcurl without HTTP/2 refuses, and speaks HTTP/1.1.
    curl_easy_setopt(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  }

  void set_route(const CurlOptions& options) {
    set(CURLOPT_URL, transfer_.request.url.to_string().c_str());
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set_text(CURLOPT_PROXY, options.proxy);
    set_text(CURLOPT_NOPROXY, options.no_proxy);
    set_text(CURLOPT_CAINFO, options.ca_file);
    set_text(CURLOPT_INTERFACE, options.interface);
  }

  void set_request() {
    const auto& request = transfer_.request;
    const bool is_post = request.method == "POST";
    const bool has_content =
        is_post || request.method == "PUT" || request.method == "PATCH" || !request.body.empty();
    if (has_content) {
      // libcurl reads the body where it is; one of no bytes goes out as Content-Length: 0.
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDS, request.body.data());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    } else if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else {
      set(CURLOPT_HTTPGET, 1L);
    }
    if (!is_post) set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
    transfer_.fields = header_list(request.headers);
    set(CURLOPT_HTTPHEADER, transfer_.fields.get());
  }

  void set_callbacks() {
    set(CURLOPT_PRIVATE, &transfer_);
    set(CURLOPT_ERRORBUFFER, transfer_.error_text.data());
    set(CURLOPT_HEADERFUNCTION, &on_header);
    set(CURLOPT_HEADERDATA, &transfer_);
    set(CURLOPT_WRITEFUNCTION, &on_body);
    set(CURLOPT_WRITEDATA, &transfer_);
    set(CURLOPT_PREREQFUNCTION, &on_send);
    set(CURLOPT_PREREQDATA, &transfer_);
  }

  Transfer& transfer_;
  CURL* easy_;
  CURLcode code_ = CURLE_OK;
};

// How a transfer that libcurl has ended with `code` went.
http::Result result_of(Transfer& transfer, CURLcode code) {
  auto& reader = transfer.reader;
  if (code == CURLE_OK && reader.has_header()) return reader.take();
  // libcurl is content with a header that breaks off between two lines.
  if (code == CURLE_OK) code = CURLE_GOT_NOTHING;
  if (reader.too_large()) code = CURLE_FILESIZE_EXCEEDED;
  long os_error = 0;
  curl_easy_getinfo(transfer.easy.get(), CURLINFO_OS_ERRNO, &os_error);
  const Failure failure{code, transfer.error_text.data(), reader.has_header(),
                        transfer.sendings > 1, static_cast<int>(os_error)};
  const auto kind = error_kind(failure);
  return http::TransportError{kind, describe(failure, kind)};
}

// Once in the life of a process, and never undone: threads, libraries and static destructors may
// use libcurl as long as there is a process.
void initialise_libcurl() {
  static const CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
  if (code != CURLE_OK) throw std::runtime_error("libcurl cannot be initialised");
}

}  // namespace

// --- the transport -------------------------------------------------------------------------------

struct CurlTransport::Impl {
  Impl(Clock& a_clock, CurlOptions some_options)
      : clock(a_clock), options(std::move(some_options)), multi(curl_multi_init()) {
    if (multi == nullptr) throw std::runtime_error("libcurl has no multi handle to give");
    const auto limit = [&](CURLMoption option, std::size_t count) {
      curl_multi_setopt(multi, option, static_cast<long>(std::min<std::size_t>(count, INT_MAX)));
    };
    limit(CURLMOPT_MAX_TOTAL_CONNECTIONS, options.max_connections);
    limit(CURLMOPT_MAX_HOST_CONNECTIONS, options.max_connections_per_host);
    // As many are kept alive as may be open; libcurl's own default grows and shrinks with the load.
    if (options.max_connections > 0) limit(CURLMOPT_MAXCONNECTS, options.max_connections);
  }

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    for (const auto& [id, transfer] : transfers) {
      curl_multi_remove_handle(multi, transfer->easy.get());
    }
    transfers.clear();
    idle.clear();
    curl_multi_cleanup(multi);
  }

  // Handles are used again: making one is dear, and it keeps its buffers. Connections and names
  // live in the multi handle.
  Easy take_easy() {
    if (idle.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(idle.back());
    idle.pop_back();
    return easy;
  }

  void fail(TransferId id, TransportErrorKind kind, std::string_view detail) {
    ready.push_back({id, http::TransportError{kind, std::string(detail)}});
  }

  // Takes the transfer out of libcurl and out of the books.
  std::unique_ptr<Transfer> remove(TransferId id) {
    const auto found = transfers.find(id);
    if (found == transfers.end()) return nullptr;
    auto transfer = std::move(found->second);
    transfers.erase(found);
    deadlines.erase({transfer->limits.deadline, id});
    curl_multi_remove_handle(multi, transfer->easy.get());
    return transfer;
  }

  void recycle(std::unique_ptr<Transfer> transfer) {
    constexpr std::size_t kMostIdle = 64;
    if (transfer == nullptr || idle.size() >= kMostIdle) return;
    curl_easy_reset(transfer->easy.get());
    idle.push_back(std::move(transfer->easy));
  }

  void start(TransferId id, http::Request request, const TransferLimits& limits) {
    if (!transport::is_sendable(request)) {
      return fail(id, TransportErrorKind::malformed, transport::kNotSendable);
    }
    if (limits.deadline <= clock.now()) {
      ready.push_back({id, timeout_error()});
      return;
    }
    auto transfer = std::make_unique<Transfer>(id, std::move(request), limits);
    transfer->easy = take_easy();
    if (transfer->easy == nullptr) throw std::bad_alloc();
    if (const auto code = Setup(*transfer).run(options); code != CURLE_OK) {
      return fail(id, TransportErrorKind::connect, curl_easy_strerror(code));
    }
    if (const auto code = curl_multi_add_handle(multi, transfer->easy.get()); code != CURLM_OK) {
      return fail(id, TransportErrorKind::connect, curl_multi_strerror(code));
    }
    deadlines.insert({limits.deadline, id});
    transfers.emplace(id, std::move(transfer));
  }

  void finish(CURL* easy, CURLcode code) {
    Transfer* ended = nullptr;
    curl_easy_getinfo(easy, CURLINFO_PRIVATE, &ended);
    auto transfer = remove(ended->id);
    ready.push_back({transfer->id, result_of(*transfer, code)});
    recycle(std::move(transfer));
  }

  // An answer that is whole by now counts, even where its deadline has passed in the meantime.
  void cut_overdue(Instant now) {
    while (!deadlines.empty() && deadlines.begin()->first <= now) {
      auto transfer = remove(deadlines.begin()->second);
      ready.push_back({transfer->id, timeout_error()});
      recycle(std::move(transfer));
    }
  }

  Clock& clock;
  const CurlOptions options;
  CURLM* multi;
  std::map<TransferId, std::unique_ptr<Transfer>> transfers;
  std::set<std::pair<Instant, TransferId>> deadlines;  // of the same
  std::vector<Easy> idle;
  std::vector<Completion> ready;  // ended, not collected yet
};

CurlTransport::CurlTransport(Clock& clock, CurlOptions options) {
  initialise_libcurl();
  impl_ = std::make_unique<Impl>(clock, std::move(options));
}

CurlTransport::~CurlTransport() = default;

void CurlTransport::start(TransferId id, http::Request request, const TransferLimits& limits) {
  impl_->start(id, std::move(request), limits);
}

void CurlTransport::cancel(TransferId id) {
  std::erase_if(impl_->ready, [&](const Completion& completion) { return completion.id == id; });
  impl_->recycle(impl_->remove(id));
}

std::vector<Completion> CurlTransport::collect() {
  int running = 0;
  curl_multi_perform(impl_->multi, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(impl_->multi, &left)) {
    if (message->msg == CURLMSG_DONE) impl_->finish(message->easy_handle, message->data.result);
  }
  impl_->cut_overdue(impl_->clock.now());
  return std::exchange(impl_->ready, {});
}

Instant CurlTransport::next_instant() const {
  if (!impl_->ready.empty()) return impl_->clock.now();
  return impl_->deadlines.empty() ? kNever : impl_->deadlines.begin()->first;
}

void CurlTransport::wait(Instant until) {
  // libcurl counts in an int of milliseconds; a wait may end early, so the longest will do.
  constexpr Duration kLongest = std::chrono::milliseconds{INT_MAX};
  const auto now = impl_->clock.now();
  const auto span = std::min(until, next_instant()) - now;
  const auto timeout =
      std::chrono::ceil<std::chrono::milliseconds>(std::clamp(span, Duration{0}, kLongest));
  // Returns earlier when one of libcurl's own timers is due, and when it has been woken.
  curl_multi_poll(impl_->multi, nullptr, 0, static_cast<int>(timeout.count()), nullptr);
}

void CurlTransport::wake() noexcept { curl_multi_wakeup(impl_->multi); }

}  // namespace lockstep
