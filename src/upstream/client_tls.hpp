#pragma once
#include <spidergate/runtime/tls_stream.hpp>
#include <spidergate/upstream/client.hpp>

#include <map>
#include <memory>
#include <mutex>
#include <string>

struct ssl_ctx_st;
struct ssl_session_st;

namespace spidergate::upstream {

/// The TLS settings towards providers and the sessions to resume, one per origin. Thread-safe.
class client_tls {
 public:
  explicit client_tls(ssl_ctx_st* context);
  ~client_tls();
  client_tls(const client_tls&) = delete;
  client_tls& operator=(const client_tls&) = delete;

  /// A fresh SSL for a connection to `where`: it will accept no other host's certificate, and resumes a session if
  /// there is one.
  [[nodiscard]] runtime::ssl_ptr prepare(const origin& where);

  /// Keeps the session for the origin's next connection; takes ownership.
  void remember(const std::string& origin_text, ssl_session_st* session);

 private:
  struct session_deleter {
    void operator()(ssl_session_st* session) const noexcept;
  };
  using session_ptr = std::unique_ptr<ssl_session_st, session_deleter>;

  ssl_ctx_st* context_;
  std::once_flag authorities_;
  std::mutex mutex_;
  std::map<std::string, session_ptr> sessions_;
};

}  // namespace spidergate::upstream
