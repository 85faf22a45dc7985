// TLS is verified, whatever the options are: another CA file can be named, nothing switched off.
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "loopback.h"

namespace lockstep::test {
namespace {

using Kind = http::TransportErrorKind;

template <auto kFree>
struct Free {
  template <typename Object>
  void operator()(Object* object) const noexcept {
    kFree(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Context = std::unique_ptr<SSL_CTX, Free<SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Free<SSL_free>>;

// A certificate that vouches for itself, in a file of its own for as long as it lives.
class Identity {
 public:
  // `name` is a subjectAltName; `until` is an ASN.1 date.
  explicit Identity(const std::string& name, const char* until = "21000101000000Z")
      : key_(EVP_EC_gen("P-256")), certificate_(X509_new()), file_(::testing::TempDir()) {
    auto* const certificate = certificate_.get();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    ASN1_TIME_set_string(X509_getm_notBefore(certificate), "20200101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(certificate), until);
    auto* const subject = X509_get_subject_name(certificate);
    const auto* text = reinterpret_cast<const unsigned char*>("lockstep test");
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, text, -1, -1, 0);
    X509_set_issuer_name(certificate, subject);
    X509_set_pubkey(certificate, key_.get());
    auto* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, name.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    X509_sign(certificate, key_.get(), EVP_sha256());
    write_file();
  }
  ~Identity() { std::remove(file_.c_str()); }

  const std::string& file() const noexcept { return file_; }

  // Speaks TLS as this identity; nothing when the client does not want to.
  Session accept(const Connection& connection) const {
    const Context context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context.get(), certificate_.get());
    SSL_CTX_use_PrivateKey(context.get(), key_.get());
    Session session(SSL_new(context.get()));
    SSL_set_fd(session.get(), connection.socket());
    if (SSL_accept(session.get()) != 1) session.reset();
    return session;
  }

  // Answers one request and notes it.
  Loopback::Script script() const {
    return [this](Connection& connection) { serve(connection); };
  }
  void serve(Connection& connection) const {
    const auto session = accept(connection);
    if (session == nullptr) return;
    std::string request;
    while (request.find("\r\n\r\n{}") == std::string::npos) {
      char piece[4096];
      const int count = SSL_read(session.get(), piece, sizeof piece);
      if (count <= 0) return;
      request.append(piece, static_cast<std::size_t>(count));
    }
    connection.note(request);
    const auto answer = ok("over TLS");
    SSL_write(session.get(), answer.data(), static_cast<int>(answer.size()));
    connection.await_close();
  }

 private:
  void write_file() {
    const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
    file_ += std::string("lockstep_") + test->name() + ".pem";
    auto* const file = std::fopen(file_.c_str(), "w");
    ASSERT_NE(file, nullptr) << file_;
    PEM_write_X509(file, certificate_.get());
    std::fclose(file);
  }

  Key key_;
  Certificate certificate_;
  std::string file_;
};

// What a POST to the server comes to; ca_file is empty for the system's.
http::Result post(const Loopback& server, const std::string& ca_file, std::string body = "{}") {
  CurlOptions options;
  options.ca_file = ca_file;
  CurlBench bench(options);
  auto request = server.request("/", "POST", std::move(body));
  request.url.scheme = "https";
  return bench.carry(request);
}

TEST(CurlTls, AServerWhoseCertificateIsTrustedAnswers) {
  const Identity identity("IP:127.0.0.1");
  Loopback server(identity.script());
  EXPECT_EQ(response_of(post(server, identity.file())).body, "over TLS");
  EXPECT_TRUE(server.notes().at(0).starts_with("POST / HTTP/1.1\r\n"));
}

TEST(CurlTls, ACertificateNobodyVouchesForIsATlsErrorAndNothingIsSent) {
  const Identity identity("IP:127.0.0.1");
  Loopback server(identity.script());
  EXPECT_EQ(error_of(post(server, "")), Kind::tls);
  EXPECT_TRUE(server.notes().empty());
}

TEST(CurlTls, ACertificateForAnotherNameIsATlsErrorAndNothingIsSent) {
  const Identity identity("DNS:other.test");
  Loopback server(identity.script());
  EXPECT_EQ(error_of(post(server, identity.file())), Kind::tls);
  EXPECT_TRUE(server.notes().empty());
}

TEST(CurlTls, ACertificateThatHasExpiredIsATlsErrorAndNothingIsSent) {
  const Identity identity("IP:127.0.0.1", "20200102000000Z");
  Loopback server(identity.script());
  EXPECT_EQ(error_of(post(server, identity.file())), Kind::tls);
  EXPECT_TRUE(server.notes().empty());
}

TEST(CurlTls, ACaFileThatIsNotThereTrustsNobody) {
  const Identity identity("IP:127.0.0.1");
  Loopback server(identity.script());
  EXPECT_EQ(error_of(post(server, identity.file() + ".missing")), Kind::tls);
  EXPECT_TRUE(server.notes().empty());
}

// Without care a write to a broken connection raises a signal that ends the process.
TEST(CurlTls, AServerThatBreaksOffDuringTheUploadIsAnErrorAndNoSignal) {
  const Identity identity("IP:127.0.0.1");
  Loopback server([&](Connection& connection) {
    if (identity.accept(connection) != nullptr) connection.reset();
  });
  EXPECT_EQ(error_of(post(server, identity.file(), std::string(16 << 20, 'x'))), Kind::reset);
}

TEST(CurlTls, WhatAProxySaysOfItsTunnelIsNoPartOfTheAnswer) {
  const Identity identity("DNS:ingest.invalid");
  Loopback proxy([&](Connection& connection) {
    connection.note(connection.read_header().value_or(""));
    connection.send("HTTP/1.1 200 Go\r\nRetry-After: 99\r\nX-Proxy: 1\r\n\r\n");
    identity.serve(connection);
  });
  CurlOptions options;
  options.proxy = proxy.origin();
  options.ca_file = identity.file();
  CurlBench bench(options);
  auto request = proxy.request();
  request.url = http::Url::parse("https://ingest.invalid/").value();
  request.headers.add("Authorization", "Bearer secret");
  const auto response = response_of(bench.carry(request));
  EXPECT_EQ(response.body, "over TLS");
  EXPECT_EQ(response.headers, (http::Headers{{"Content-Length", "8"}}));
  const auto notes = proxy.notes();
  ASSERT_EQ(notes.size(), 2u);
  EXPECT_TRUE(notes[0].starts_with("CONNECT ingest.invalid:443 ")) << notes[0];
  EXPECT_EQ(notes[0].find("secret"), std::string::npos) << notes[0];
  EXPECT_NE(notes[1].find("Authorization: Bearer secret"), std::string::npos) << notes[1];
}

TEST(CurlTls, AServerThatDoesNotSpeakTlsIsATlsError) {
  Loopback server([](Connection& connection) {
    connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    connection.await_close();
  });
  EXPECT_EQ(error_of(post(server, "")), Kind::tls);
}

}  // namespace
}  // namespace lockstep::test
