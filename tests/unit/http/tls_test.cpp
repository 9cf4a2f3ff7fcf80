#include "running_listener.hpp"
#include "server_tls.hpp"

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace spidergate;
using spidergate::testing::running_listener;
using spidergate::testing::tcp_client;

namespace {

/// A fresh self-signed certificate in a folder that goes away with it.
struct certificate {
  certificate() {
    std::string pattern = std::filesystem::temp_directory_path() / "spidergate-tls-XXXXXX";
    folder = ::mkdtemp(pattern.data());
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* x = X509_new();
    X509_gmtime_adj(X509_getm_notBefore(x), 0);
    X509_gmtime_adj(X509_getm_notAfter(x), 3600);
    X509_set_pubkey(x, key);
    X509_sign(x, key, EVP_sha256());
    write(cert(), [&](FILE* f) { PEM_write_X509(f, x); });
    write(this->key(), [&](FILE* f) { PEM_write_PrivateKey(f, key, nullptr, nullptr, 0, nullptr, nullptr); });
    X509_free(x);
    EVP_PKEY_free(key);
  }
  ~certificate() { std::filesystem::remove_all(folder); }
  [[nodiscard]] std::string cert() const { return folder / "cert.pem"; }
  [[nodiscard]] std::string key() const { return folder / "key.pem"; }

  template <class Print>
  static void write(const std::string& path, Print print) {
    FILE* f = std::fopen(path.c_str(), "w");
    print(f);
    std::fclose(f);
  }
  std::filesystem::path folder;
};

/// OpenSSL's blocking client over a connected socket.
struct tls_client {
  explicit tls_client(std::uint16_t port)
      : plain(port), context(SSL_CTX_new(TLS_client_method())), ssl(SSL_new(context)) {
    const unsigned char protocols[] = "\x02h2\x08http/1.1";
    SSL_set_alpn_protos(ssl, protocols, sizeof protocols - 1);
    SSL_set_fd(ssl, plain.socket.native_handle());
  }
  ~tls_client() {
    SSL_free(ssl);
    SSL_CTX_free(context);
  }
  tcp_client plain;
  SSL_CTX* context;
  SSL* ssl;
};

TEST(server_tls, serves_and_chooses_http_1_1) {
  const certificate files;
  const auto tls = http::load_server_tls(files.cert(), files.key());
  ASSERT_TRUE(tls.has_value()) << tls.error().message();
  running_listener server({}, *tls);
  tls_client client(server.port());
  ASSERT_EQ(SSL_connect(client.ssl), 1);
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(client.ssl, &protocol, &size);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(protocol), size), "http/1.1");
  const std::string request = "GET /tls HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  ASSERT_GT(SSL_write(client.ssl, request.data(), static_cast<int>(request.size())), 0);
  std::string answer;
  char buffer[4096];
  for (int got = 1; got > 0 && answer.find("GET /tls .") == std::string::npos;) {
    got = SSL_read(client.ssl, buffer, sizeof buffer);
    if (got > 0) answer.append(buffer, static_cast<std::size_t>(got));
  }
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
}

TEST(server_tls, plain_http_and_silence_fail_the_handshake) {
  const certificate files;
  http::limits bounds;
  bounds.header_timeout = std::chrono::milliseconds(30);
  running_listener server(bounds, *http::load_server_tls(files.cert(), files.key()));
  tcp_client plain(server.port());
  plain.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  plain.read_all();
  tcp_client silent(server.port());
  silent.read_all();
  while (server.counters.open > 0) server.on_worker([] {});
  EXPECT_EQ(server.counters.handshake_failures, 2U);
  EXPECT_EQ(server.handler.handled, 0);
}

TEST(server_tls, files_that_do_not_fit_are_said_to) {
  const certificate one;
  const certificate other;
  EXPECT_TRUE(http::load_server_tls(one.cert(), one.key()).has_value());
  EXPECT_EQ(http::load_server_tls(one.cert() + "x", one.key()).error(), boost::system::errc::no_such_file_or_directory);
  EXPECT_FALSE(http::load_server_tls(one.cert(), other.key()).has_value());
  EXPECT_FALSE(http::load_server_tls(one.key(), one.key()).has_value());
  std::ofstream(one.cert()) << "not a certificate";
  EXPECT_FALSE(http::load_server_tls(one.cert(), one.key()).has_value());
}

}  // namespace
