#pragma once
#include <spidergate/core/secret_string.hpp>
#include <spidergate/runtime/tls_stream.hpp>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct ssl_ctx_st;

namespace spidergate::kv::redis {

/// Where Redis is and who we are to it: redis[s]://[[user]:password@]host[:port][/database].
struct endpoint {
  bool tls = false;
  std::string host;
  std::uint16_t port = 6379;
  std::string user;
  secret_string password;
  std::int64_t database = 0;
};

/// Throws std::runtime_error, in words that name no secret.
[[nodiscard]] endpoint parse_url(std::string_view url);

/// OpenSSL's settings for rediss://: the server's certificate is verified against the system's roots and the extra
/// file. Shared by all workers.
class client_context {
 public:
  /// Throws std::runtime_error when a file of trusted certificates cannot be read.
  explicit client_context(const std::string& extra_ca_file);
  /// A session that expects a certificate for that name or address; null when the name is impossible.
  [[nodiscard]] runtime::ssl_ptr session_with(const std::string& host) const;

 private:
  struct context_deleter {
    void operator()(ssl_ctx_st* context) const noexcept;
  };
  std::unique_ptr<ssl_ctx_st, context_deleter> context_;
};

}  // namespace spidergate::kv::redis
