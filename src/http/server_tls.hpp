#pragma once
#include <spidergate/http/listener.hpp>
#include <spidergate/runtime/tls_stream.hpp>

#include <openssl/ssl.h>

#include <memory>

namespace spidergate::http {

class server_tls {
 public:
  explicit server_tls(SSL_CTX* context) noexcept : context_(context) {}

  /// A fresh session object for one connection; null when OpenSSL has no memory.
  [[nodiscard]] runtime::ssl_ptr new_session() const noexcept { return runtime::ssl_ptr(SSL_new(context_.get())); }

  [[nodiscard]] SSL_CTX* context() const noexcept { return context_.get(); }

 private:
  struct deleter {
    void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, deleter> context_;
};

}  // namespace spidergate::http
