#pragma once
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace spidergate::testing {

struct openssl_deleter {
  void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
  void operator()(X509* p) const noexcept { X509_free(p); }
  void operator()(SSL_CTX* p) const noexcept { SSL_CTX_free(p); }
  void operator()(BIO* p) const noexcept { BIO_free(p); }
};
template <class T>
using openssl_ptr = std::unique_ptr<T, openssl_deleter>;

inline void require(bool success) {
  if (!success) throw std::runtime_error("OpenSSL could not make the test certificate");
}

/// A key and a self-signed certificate, valid for an hour, made on the spot.
struct tls_certificate {
  openssl_ptr<EVP_PKEY> key;
  openssl_ptr<X509> certificate;

  /// `alternative_names` as in openssl.cnf: "DNS:localhost,IP:127.0.0.1".
  explicit tls_certificate(const std::string& alternative_names)
      : key(EVP_EC_gen("prime256v1")), certificate(X509_new()) {
    auto* c = certificate.get();
    require(key && c != nullptr);
    X509_set_version(c, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
    X509_gmtime_adj(X509_getm_notBefore(c), -60);
    X509_gmtime_adj(X509_getm_notAfter(c), 3600);
    X509_set_pubkey(c, key.get());
    auto* name = X509_get_subject_name(c);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("test"), -1, -1, 0);
    X509_set_issuer_name(c, name);
    add_extension(NID_basic_constraints, "critical,CA:TRUE");
    add_extension(NID_subject_alt_name, alternative_names);
    require(X509_sign(c, key.get(), EVP_sha256()) > 0);
  }

  /// The certificate in PEM, for files of trusted roots.
  [[nodiscard]] std::string pem() const {
    const openssl_ptr<BIO> out(BIO_new(BIO_s_mem()));
    require(PEM_write_bio_X509(out.get(), certificate.get()) == 1);
    return contents(out.get());
  }

  [[nodiscard]] std::string key_pem() const {
    const openssl_ptr<BIO> out(BIO_new(BIO_s_mem()));
    require(PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return contents(out.get());
  }

  [[nodiscard]] openssl_ptr<SSL_CTX> server_context() const {
    openssl_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()));
    require(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
    require(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
    return context;
  }

 private:
  void add_extension(int kind, const std::string& value) {
    auto* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    require(extension != nullptr);
    X509_add_ext(certificate.get(), extension, -1);
    X509_EXTENSION_free(extension);
  }

  static std::string contents(BIO* bio) {
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(size)};
  }
};

}  // namespace spidergate::testing
