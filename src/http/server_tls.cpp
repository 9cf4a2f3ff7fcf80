#include "server_tls.hpp"

#include <spidergate/core/last_system_error.hpp>

#include <openssl/err.h>

#include <new>
#include <string>
#include <unistd.h>

namespace spidergate::http {

namespace {

/// What OpenSSL has against a certificate or a key, in its own words.
class certificate_category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "spidergate.http.tls"; }
  [[nodiscard]] std::string message(int value) const override {
    const auto* reason = ERR_reason_error_string(static_cast<unsigned long>(value));
    return reason != nullptr ? reason : "not a PEM certificate chain with its key";
  }
};

error_code last_error() {
  static const certificate_category category;
  const auto code = ERR_get_error();
  ERR_clear_error();
  return {code == 0 ? -1 : static_cast<int>(code), category};
}

error_code unreadable(const std::string& file) {
  if (::access(file.c_str(), R_OK) == 0) return {};
  return last_system_error();
}

/// We speak HTTP/1.1 only; a client that offers nothing else than h2 is left to find out by itself.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  static constexpr unsigned char ours[] = "\x08http/1.1";
  unsigned char* match = nullptr;
  const auto found = SSL_select_next_proto(&match, chosen_size, ours, sizeof ours - 1, offered, offered_size);
  *chosen = match;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

}  // namespace

result<std::shared_ptr<server_tls>> load_server_tls(const std::string& cert_file, const std::string& key_file) {
  for (const auto& file : {cert_file, key_file}) {
    if (const auto why = unreadable(file)) return why;
  }
  ERR_clear_error();
  auto* context = SSL_CTX_new(TLS_server_method());
  if (context == nullptr) throw std::bad_alloc();
  auto tls = std::make_shared<server_tls>(context);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // 34 KiB less for each idle connection
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context, cert_file.c_str()) != 1) return last_error();
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) return last_error();
  if (SSL_CTX_check_private_key(context) != 1) return last_error();
  return tls;
}

}  // namespace spidergate::http
