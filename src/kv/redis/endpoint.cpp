#include "endpoint.hpp"

#include <boost/asio/ip/address.hpp>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <charconv>
#include <limits>
#include <new>
#include <stdexcept>

namespace spidergate::kv::redis {

namespace {

[[noreturn]] void malformed(const std::string& what) {
  throw std::runtime_error("the Redis URL " + what + "; it looks like redis://:password@host:6379/0");
}

std::string percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    unsigned value = 0;
    const auto hex = text.substr(i + 1, 2);
    const auto [end, failure] = std::from_chars(hex.data(), hex.data() + hex.size(), value, 16);
    if (hex.size() != 2 || failure != std::errc() || end != hex.data() + 2) malformed("has a bad percent escape");
    plain += static_cast<char>(value);
    i += 2;
  }
  return plain;
}

template <class Number>
Number number_in(std::string_view text, Number most, const char* what) {
  Number value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size() || value < 0 || value > most) malformed(what);
  return value;
}

void read_credentials(endpoint& into, std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) malformed("has a user but no password");
  into.user = percent_decoded(text.substr(0, colon));
  into.password = secret_string(percent_decoded(text.substr(colon + 1)));
}

void read_host(endpoint& into, std::string_view text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) malformed("has an address without ]");
    into.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    into.host = text.substr(0, colon);
    port = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
  }
  if (into.host.empty()) malformed("names no host");
  if (port.empty()) return;
  if (!port.starts_with(':')) malformed("has text behind its address");
  into.port = static_cast<std::uint16_t>(
      number_in<std::int64_t>(port.substr(1), std::numeric_limits<std::uint16_t>::max(), "has an impossible port"));
  if (into.port == 0) malformed("has an impossible port");
}

bool is_literal_address(const std::string& host) {
  error_code failure;
  asio::ip::make_address(host, failure);
  return !failure;
}

}  // namespace

endpoint parse_url(std::string_view url) {
  endpoint made;
  if (url.starts_with("rediss://")) {
    made.tls = true;
    url.remove_prefix(9);
  } else if (url.starts_with("redis://")) {
    url.remove_prefix(8);
  } else {
    malformed("does not begin with redis:// or rediss://");
  }
  if (const auto at = url.rfind('@'); at != std::string_view::npos) {
    read_credentials(made, url.substr(0, at));
    url.remove_prefix(at + 1);
  }
  const auto slash = url.find('/');
  if (slash != std::string_view::npos && slash + 1 < url.size()) {
    made.database = number_in<std::int64_t>(url.substr(slash + 1), 1'000'000, "has an impossible database number");
  }
  read_host(made, url.substr(0, slash));
  return made;
}

client_context::client_context(const std::string& extra_ca_file) : context_(SSL_CTX_new(TLS_client_method())) {
  if (!context_) throw std::bad_alloc();
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context_.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_set_default_verify_paths(context_.get()) != 1) {
    throw std::runtime_error("the system's trusted certificates cannot be read");
  }
  if (!extra_ca_file.empty() && SSL_CTX_load_verify_file(context_.get(), extra_ca_file.c_str()) != 1) {
    throw std::runtime_error("no trusted certificates can be read from " + extra_ca_file);
  }
}

void client_context::context_deleter::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

runtime::ssl_ptr client_context::session_with(const std::string& host) const {
  runtime::ssl_ptr ssl(SSL_new(context_.get()));
  if (!ssl) throw std::bad_alloc();
  if (is_literal_address(host)) {
    if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) != 1) return nullptr;
    return ssl;
  }
  SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (SSL_set1_host(ssl.get(), host.c_str()) != 1 || SSL_set_tlsext_host_name(ssl.get(), host.c_str()) != 1) {
    return nullptr;
  }
  return ssl;
}

}  // namespace spidergate::kv::redis
