#include "sdk/transport/curl_transport.h"

#include <curl/curl.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace lockstep {

namespace {

using http::TransportErrorKind;

// Idle easy handles kept for the next requests; connections live in the multi handle, not in them.
constexpr std::size_t kIdleHandles = 16;
// Header fields of one response, their total size being bounded apart.
constexpr std::size_t kMaxHeaderFields = 10'000;
// Without a deadline, a wait is cut into pieces of this length.
constexpr Duration kLongestWait = std::chrono::minutes{1};

struct FreeEasy {
  void operator()(CURL* easy) const noexcept { curl_easy_cleanup(easy); }
};
using Easy = std::unique_ptr<CURL, FreeEasy>;

struct FreeList {
  void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};
using List = std::unique_ptr<curl_slist, FreeList>;

void initialise_libcurl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw std::runtime_error("libcurl cannot be initialised");
    }
  });
}

template <typename Value>
void set(const Easy& easy, CURLoption option, Value value) {
  curl_easy_setopt(easy.get(), option, value);
}

// A limit for libcurl, in its milliseconds, rounded up; never 0, which means "none" there.
long milliseconds(Duration span) {
  const auto count = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  return static_cast<long>(std::clamp<std::int64_t>(count, 1, 1'000'000'000));
}

bool injects(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

// A line break in a header or in the request line would let a value become a header of its own.
bool injects(const http::Request& request) {
  return injects(request.method) || injects(request.url.to_string()) ||
         std::any_of(request.headers.begin(), request.headers.end(), [](const http::Header& header) {
           return injects(header.name) || injects(header.value);
         });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

struct CurlTransport::Impl {
  struct Transfer {
    TransferId id = 0;
    Easy easy;
    http::Request request;
    TransferLimits limits;
    List headers;
    http::Response response;
    std::size_t header_bytes = 0;
    bool final_header = false;  // the last status line was not an interim (1xx) one
    bool started = false;       // some byte of a response arrived
    const char* overflow = nullptr;
  };

  Clock& clock;
  CurlOptions options;
  CURLM* multi;
  std::map<TransferId, std::unique_ptr<Transfer>> transfers;
  std::vector<Easy> idle;
  std::vector<Completion> failed;  // ended before they could start

  Impl(Clock& a_clock, CurlOptions some_options)
      : clock(a_clock), options(std::move(some_options)), multi(curl_multi_init()) {
    if (multi == nullptr) throw std::runtime_error("libcurl has no multi handle to give");
    curl_multi_setopt(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS,
                      static_cast<long>(options.max_connections));
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(options.max_connections_per_host));
  }

  ~Impl() {
    for (const auto& [id, transfer] : transfers) {
      curl_multi_remove_handle(multi, transfer->easy.get());
    }
    transfers.clear();
    idle.clear();
    curl_multi_cleanup(multi);
  }

  Easy take_easy() {
    if (idle.empty()) return Easy(curl_easy_init());
    Easy easy = std::move(idle.back());
    idle.pop_back();
    curl_easy_reset(easy.get());
    return easy;
  }

  void fail(TransferId id, TransportErrorKind kind, std::string detail) {
    failed.push_back({id, http::TransportError{kind, std::move(detail)}});
  }

  void start(TransferId id, http::Request request, const TransferLimits& limits);
  void configure(Transfer& transfer, Duration total) const;
  static List header_list(const http::Request& request);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* user);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* user);
  void finish(std::vector<Completion>& out, CURL* easy, CURLcode code);
  static http::TransportError error_of(const Transfer& transfer, CURLcode code);
};

void CurlTransport::Impl::start(TransferId id, http::Request request, const TransferLimits& limits) {
  if (injects(request)) {
    return fail(id, TransportErrorKind::malformed, "a line break in the request line or a header");
  }
  const Instant now = clock.now();
  if (limits.deadline <= now) return fail(id, TransportErrorKind::timeout, "the deadline passed");
  auto transfer = std::make_unique<Transfer>();
  transfer->id = id;
  transfer->request = std::move(request);
  transfer->limits = limits;
  transfer->easy = take_easy();
  if (transfer->easy == nullptr) {
    return fail(id, TransportErrorKind::connect, "libcurl has no handle to give");
  }
  configure(*transfer, limits.deadline - now);
  const CURLMcode added = curl_multi_add_handle(multi, transfer->easy.get());
  if (added != CURLM_OK) return fail(id, TransportErrorKind::connect, curl_multi_strerror(added));
  transfers[id] = std::move(transfer);
}

void CurlTransport::Impl::configure(Transfer& transfer, Duration total) const {
  const Easy& easy = transfer.easy;
  const http::Request& request = transfer.request;
  set(easy, CURLOPT_PRIVATE, &transfer);
  set(easy, CURLOPT_URL, request.url.to_string().c_str());
#if LIBCURL_VERSION_NUM >= 0x075500
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  set(easy, CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_NOPROGRESS, 1L);
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  set(easy, CURLOPT_TCP_NODELAY, 1L);
  set(easy, CURLOPT_TIMEOUT_MS, milliseconds(total));
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(transfer.limits.connect_timeout));

  // The body stays where it is; libcurl reads it from there.
  if (request.method == "POST") {
    set(easy, CURLOPT_POST, 1L);
  } else if (request.method == "GET" && request.body.empty()) {
    set(easy, CURLOPT_HTTPGET, 1L);
  } else {
    set(easy, CURLOPT_POST, 1L);
    set(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  if (request.method == "POST" || !request.body.empty()) {
    set(easy, CURLOPT_POSTFIELDS, request.body.data());
    set(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
  }
  transfer.headers = header_list(request);
  set(easy, CURLOPT_HTTPHEADER, transfer.headers.get());

  set(easy, CURLOPT_HEADERFUNCTION, &on_header);
  set(easy, CURLOPT_HEADERDATA, &transfer);
  set(easy, CURLOPT_WRITEFUNCTION, &on_body);
  set(easy, CURLOPT_WRITEDATA, &transfer);

  if (!options.proxy.empty()) set(easy, CURLOPT_PROXY, options.proxy.c_str());
  if (!options.no_proxy.empty()) set(easy, CURLOPT_NOPROXY, options.no_proxy.c_str());
  if (!options.ca_file.empty()) set(easy, CURLOPT_CAINFO, options.ca_file.c_str());
  if (!options.interface.empty()) set(easy, CURLOPT_INTERFACE, options.interface.c_str());
}

List CurlTransport::Impl::header_list(const http::Request& request) {
  curl_slist* list = nullptr;
  const auto append = [&](const std::string& line) { list = curl_slist_append(list, line.c_str()); };
  for (const http::Header& header : request.headers) {
    // libcurl's way to send a field without a value.
    append(header.value.empty() ? header.name + ";" : header.name + ": " + header.value);
  }
  append("Expect:");                                              // no 100-continue round trip
  if (!request.headers.has("Content-Type")) append("Content-Type:");  // no form type by default
  return List(list);
}

std::size_t CurlTransport::Impl::on_header(char* data, std::size_t size, std::size_t count,
                                           void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  transfer.started = true;
  transfer.header_bytes += line.size();
  if (transfer.header_bytes > transfer.limits.max_header_bytes ||
      transfer.response.headers.size() >= kMaxHeaderFields) {
    transfer.overflow = "header";
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    // A new status line: what came before it belonged to an interim response.
    transfer.response.headers = {};
    long status = 0;
    curl_easy_getinfo(transfer.easy.get(), CURLINFO_RESPONSE_CODE, &status);
    transfer.final_header = status >= 200;
    return line.size();
  }
  const auto colon = line.find(':');
  if (!transfer.final_header || colon == std::string_view::npos) return line.size();
  transfer.response.headers.add(std::string(trimmed(line.substr(0, colon))),
                                std::string(trimmed(line.substr(colon + 1))));
  return line.size();
}

std::size_t CurlTransport::Impl::on_body(char* data, std::size_t size, std::size_t count, void* user) {
  Transfer& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  if (bytes > transfer.limits.max_body_bytes - transfer.response.body.size()) {
    transfer.overflow = "body";
    return 0;
  }
  transfer.response.body.append(data, bytes);
  return bytes;
}

http::TransportError CurlTransport::Impl::error_of(const Transfer& transfer, CURLcode code) {
  if (transfer.overflow != nullptr) {
    return {TransportErrorKind::response_too_large, transfer.overflow};
  }
  const std::string detail = curl_easy_strerror(code);
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return {TransportErrorKind::resolve, detail};
    case CURLE_COULDNT_CONNECT:
    case CURLE_INTERFACE_FAILED: return {TransportErrorKind::connect, detail};
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR: return {TransportErrorKind::tls, detail};
    case CURLE_OPERATION_TIMEDOUT: {
      // libcurl has one code for both limits; only the connect phase leaves this time at zero.
      curl_off_t connected = 0;
      curl_easy_getinfo(transfer.easy.get(), CURLINFO_CONNECT_TIME_T, &connected);
      if (connected == 0) return {TransportErrorKind::connect, "no connection in time"};
      return {TransportErrorKind::timeout, "no whole response by the deadline"};
    }
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM: return {TransportErrorKind::malformed, detail};
    case CURLE_PARTIAL_FILE: return {TransportErrorKind::truncated, detail};
    default:
      return {transfer.started ? TransportErrorKind::truncated : TransportErrorKind::reset, detail};
  }
}

void CurlTransport::Impl::finish(std::vector<Completion>& out, CURL* easy, CURLcode code) {
  Transfer* found = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &found);
  curl_multi_remove_handle(multi, easy);
  const auto owner = transfers.find(found->id);
  const std::unique_ptr<Transfer> transfer = std::move(owner->second);
  transfers.erase(owner);
  if (code == CURLE_OK) {
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    transfer->response.status = static_cast<int>(status);
    out.push_back({transfer->id, std::move(transfer->response)});
  } else {
    out.push_back({transfer->id, error_of(*transfer, code)});
  }
  if (idle.size() < kIdleHandles) idle.push_back(std::move(transfer->easy));
}

CurlTransport::CurlTransport(Clock& clock, CurlOptions options) {
  initialise_libcurl();
  impl_ = std::make_unique<Impl>(clock, std::move(options));
}

CurlTransport::~CurlTransport() = default;

void CurlTransport::start(TransferId id, http::Request request, const TransferLimits& limits) {
  impl_->start(id, std::move(request), limits);
}

void CurlTransport::cancel(TransferId id) {
  std::erase_if(impl_->failed, [&](const Completion& completion) { return completion.id == id; });
  const auto found = impl_->transfers.find(id);
  if (found == impl_->transfers.end()) return;
  curl_multi_remove_handle(impl_->multi, found->second->easy.get());
  impl_->transfers.erase(found);
}

std::vector<Completion> CurlTransport::collect() {
  std::vector<Completion> completions = std::exchange(impl_->failed, {});
  int running = 0;
  curl_multi_perform(impl_->multi, &running);
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(impl_->multi, &left)) {
    if (message->msg == CURLMSG_DONE) {
      impl_->finish(completions, message->easy_handle, message->data.result);
    }
  }
  return completions;
}

Instant CurlTransport::next_instant() const {
  if (!impl_->failed.empty()) return impl_->clock.now();
  long timeout = -1;
  curl_multi_timeout(impl_->multi, &timeout);
  if (timeout < 0) return kNever;
  return saturating_add(impl_->clock.now(), std::chrono::milliseconds{timeout});
}

void CurlTransport::wait(Instant until) {
  const Duration span = std::min<Duration>(until - std::min(until, impl_->clock.now()), kLongestWait);
  const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  curl_multi_poll(impl_->multi, nullptr, 0, static_cast<int>(timeout), nullptr);
}

void CurlTransport::wake() noexcept { curl_multi_wakeup(impl_->multi); }

}  // namespace lockstep
