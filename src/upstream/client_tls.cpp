#include "client_tls.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <new>

namespace spidergate::upstream {
namespace {

/// Origins come from configuration and credentials; a bound all the same.
constexpr std::size_t max_sessions = 4096;

void free_origin_text(void*, void* data, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<std::string*>(data);
}

/// Where an SSL carries the text of its origin.
int origin_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_origin_text);
  return index;
}

/// Where an SSL_CTX carries its client_tls.
int owner_index() {
  static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

/// OpenSSL's callback for a session that could be resumed; 1 keeps the reference.
int on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto* owner = static_cast<client_tls*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), owner_index()));
  const auto* origin_text = static_cast<const std::string*>(SSL_get_ex_data(ssl, origin_index()));
  if (owner == nullptr || origin_text == nullptr) return 0;
  owner->remember(*origin_text, session);
  return 1;
}

bool is_literal_address(const std::string& host) {
  error_code failure;
  asio::ip::make_address(host, failure);
  return !failure;
}

/// Names the host to the server and to the certificate check.
bool bind_to_host(SSL* ssl, const std::string& host) {
  if (is_literal_address(host)) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

error_code last_openssl_error() {
  const auto value = ERR_peek_error();
  if (ERR_SYSTEM_ERROR(value)) return {ERR_GET_REASON(value), boost::system::system_category()};
  return errc::tls_failed;
}

}  // namespace

client_tls::client_tls(ssl_ctx_st* context) : context_(context) {
  SSL_CTX_set_ex_data(context_, owner_index(), this);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, on_new_session);
}

client_tls::~client_tls() {
  // Connections may outlive this object by a moment; they must not find it any more.
  SSL_CTX_set_ex_data(context_, owner_index(), nullptr);
  SSL_CTX_free(context_);
}

runtime::ssl_ptr client_tls::prepare(const origin& where) {
  // The system's authorities are some 150 parsed certificates: for who speaks TLS to a provider.
  std::call_once(authorities_, [this] {
    if (SSL_CTX_set_default_verify_paths(context_) != 1) throw std::bad_alloc();
  });
  runtime::ssl_ptr ssl(SSL_new(context_));
  if (!ssl) throw std::bad_alloc();
  const auto key = where.to_string();
  if (!bind_to_host(ssl.get(), where.host)) return nullptr;
  SSL_set_ex_data(ssl.get(), origin_index(), new std::string(key));
  const std::lock_guard lock(mutex_);
  const auto known = sessions_.find(key);
  if (known != sessions_.end()) SSL_set_session(ssl.get(), known->second.get());
  return ssl;
}

void client_tls::remember(const std::string& origin_text, ssl_session_st* session) {
  session_ptr held(session);
  const std::lock_guard lock(mutex_);
  if (sessions_.size() >= max_sessions && !sessions_.contains(origin_text)) sessions_.erase(sessions_.begin());
  sessions_[origin_text] = std::move(held);
}

void client_tls::session_deleter::operator()(ssl_session_st* session) const noexcept {
  SSL_SESSION_free(session);
}

result<std::shared_ptr<client_tls>> load_client_tls(const std::string& extra_ca_file) {
  ERR_clear_error();
  auto* context = SSL_CTX_new(TLS_client_method());
  if (context == nullptr) throw std::bad_alloc();
  auto tls = std::make_shared<client_tls>(context);
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  constexpr std::array<unsigned char, 9> http11{8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  SSL_CTX_set_alpn_protos(context, http11.data(), http11.size());
  if (!extra_ca_file.empty() && SSL_CTX_load_verify_file(context, extra_ca_file.c_str()) != 1) {
    return last_openssl_error();
  }
  return tls;
}

}  // namespace spidergate::upstream
