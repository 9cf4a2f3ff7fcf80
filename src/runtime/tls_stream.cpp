#include "ready_socket.hpp"
#include "socket_bio.hpp"

#include <spidergate/core/put_text.hpp>
#include <spidergate/runtime/tls_stream.hpp>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

namespace spidergate::runtime {

void ssl_deleter::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}

namespace {

/// OpenSSL's packed error codes. (asio's own such category would pull the whole of asio::ssl in.)
class openssl_category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "openssl"; }
  [[nodiscard]] std::string message(int value) const override {
    const auto* reason = ERR_reason_error_string(static_cast<unsigned long>(value));
    return reason != nullptr ? reason : "unknown OpenSSL error";
  }
};

const boost::system::error_category& openssl_errors() noexcept {
  static const openssl_category instance;
  return instance;
}

/// The largest plaintext of one TLS record.
constexpr std::size_t max_record_bytes = 16 * 1024;

/// OpenSSL and its socket, counted: suspended coroutines may outlive the stream.
struct session : boost::intrusive_ref_counter<session, boost::thread_unsafe_counter> {
  session(ready_socket_ptr on, ssl_ptr object) : socket(std::move(on)), ssl(std::move(object)) {}

  ready_socket_ptr socket;
  ssl_ptr ssl;
  bool usable = false;  ///< handshaken and without a fatal error: only then may close_notify be sent
};

using session_ptr = boost::intrusive_ptr<session>;

/// OpenSSL judges a call by what lies in the thread's queue of errors. Mostly that is empty, which is cheaper to see
/// than to make it so.
void forget_errors() noexcept {
  if (ERR_peek_error() != 0) ERR_clear_error();
}

/// Nothing has come, and OpenSSL holds nothing back: a call could only say that it wants to read.
bool has_nothing(const session& s) noexcept {
  return s.socket->drained() && s.usable && SSL_get_shutdown(s.ssl.get()) == 0 && SSL_has_pending(s.ssl.get()) == 0;
}

/// What OpenSSL wants after a call that did not succeed: success means "wait for `wants_write`, then call again".
struct verdict {
  error_code failure;
  bool wants_write = false;
};

verdict judge(session& s, int returned) {
  const int error = SSL_get_error(s.ssl.get(), returned);
  if (error == SSL_ERROR_WANT_READ) return {};
  if (error == SSL_ERROR_WANT_WRITE) return {{}, true};
  if (error == SSL_ERROR_ZERO_RETURN) return {asio::error::eof};
  s.usable = false;
  const auto reason = ERR_peek_error();
  if (error == SSL_ERROR_SSL) {
    // An end without close_notify may be a cut by somebody else: not a clean end.
    if (ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return {asio::error::connection_reset};
    return {error_code(static_cast<int>(reason), openssl_errors())};
  }
  const auto system = socket_bio_error(SSL_get_rbio(s.ssl.get()));
  return {system ? system : error_code(asio::error::connection_reset)};
}

/// Waits until the call that got this verdict is worth repeating.
wait_point::parking wait_for(session& s, verdict v, steady_time deadline) {
  return v.wants_write ? s.socket->wait_writable(deadline) : s.socket->wait_readable(deadline);
}

awaitable<result<void>> shake_hands(session_ptr s, steady_time deadline) {
  for (;;) {
    if (!s->socket->is_open()) co_return error_code(asio::error::operation_aborted);
    forget_errors();
    const int returned = SSL_do_handshake(s->ssl.get());
    if (returned == 1) break;
    const auto v = judge(*s, returned);
    // The peer left in the middle of the handshake: for the caller that is a failure, not an end.
    if (v.failure == asio::error::eof) co_return error_code(asio::error::connection_reset);
    if (v.failure) co_return v.failure;
    const auto ready = co_await wait_for(*s, v, deadline);
    if (!ready) co_return ready.error();
  }
  s->usable = true;
  co_return result<void>();
}

awaitable<result<std::size_t>> read_from(session_ptr s, std::span<char> buffer, steady_time deadline) {
  for (;;) {
    if (!s->socket->is_open()) co_return error_code(asio::error::operation_aborted);
    verdict v;
    if (!has_nothing(*s)) {
      forget_errors();
      std::size_t count = 0;
      const int returned = SSL_read_ex(s->ssl.get(), buffer.data(), buffer.size(), &count);
      if (returned == 1) co_return count;
      v = judge(*s, returned);
      if (v.failure) co_return v.failure;
    }
    const auto ready = co_await wait_for(*s, v, deadline);
    if (!ready) co_return ready.error();
  }
}

/// One try to write, as far as it goes.
result<std::size_t> write_some(session& s, std::string_view bytes, verdict& v) {
  v = {};
  if (!s.socket->is_open()) return error_code(asio::error::operation_aborted);
  forget_errors();
  std::size_t count = 0;
  const int returned = SSL_write_ex(s.ssl.get(), bytes.data(), bytes.size(), &count);
  if (returned == 1) return count;
  v = judge(s, returned);
  if (v.failure) return v.failure;
  return std::size_t{0};
}

awaitable<result<void>> write_all(session_ptr s, std::string_view bytes, steady_time deadline) {
  while (!bytes.empty()) {
    verdict v;
    const auto written = write_some(*s, bytes, v);
    if (!written) co_return written.error();
    bytes.remove_prefix(*written);
    if (*written > 0) continue;
    const auto ready = co_await wait_for(*s, v, deadline);
    if (!ready) co_return ready.error();
  }
  co_return result<void>();
}

/// Where the pieces of a record come together, one per thread. They may hold a key: so they are overwritten after use.
class record_joint {
 public:
  explicit record_joint(std::span<const std::string_view> pieces) noexcept {
    char* at = bytes().data();
    for (const auto piece : pieces) at = put_text(at, piece);
    size_ = static_cast<std::size_t>(at - bytes().data());
  }
  ~record_joint() { explicit_bzero(bytes().data(), size_); }
  record_joint(const record_joint&) = delete;
  record_joint& operator=(const record_joint&) = delete;

  [[nodiscard]] std::string_view text() const noexcept { return {bytes().data(), size_}; }

 private:
  static std::span<char> bytes() {
    thread_local const std::unique_ptr<char[]> mine(new char[max_record_bytes]);
    return {mine.get(), max_record_bytes};
  }

  std::size_t size_ = 0;
};

/// One try to write pieces that fit into one record: mostly the kernel takes it at once.
result<std::size_t> write_joined(session& s, std::span<const std::string_view> pieces) {
  const record_joint record(pieces);
  verdict v;
  return write_some(s, record.text(), v);
}

/// Joins small pieces into records, for each record costs a header, a tag and a system call; large ones go as they are.
awaitable<result<void>> write_pieces(session_ptr s, std::span<const std::string_view> pieces, steady_time deadline) {
  const auto turn = co_await s->socket->wait_turn_end();
  if (!turn) co_return turn.error();
  if (pieces.size() == 1) co_return co_await write_all(s, pieces.front(), deadline);
  std::size_t size = 0;
  for (const auto piece : pieces) size += piece.size();
  std::size_t done = 0;
  if (size <= max_record_bytes && size > 0) {
    const auto written = write_joined(*s, pieces);
    if (!written) co_return written.error();
    done = *written;
  }
  if (done == size) co_return result<void>();
  // What has been begun is finished with the same bytes.
  std::string record;
  for (const auto piece : pieces) {
    if (record.size() + piece.size() <= max_record_bytes) {
      record.append(piece);
      continue;
    }
    // Fill the record that has been begun, so that the rest needs no copy.
    const auto head = record.empty() ? 0 : max_record_bytes - record.size();
    record.append(piece.substr(0, head));
    if (!record.empty()) {
      const auto written = co_await write_all(s, record, deadline);
      if (!written) co_return written.error();
      record.clear();
    }
    const auto rest = piece.substr(head);
    const auto whole = rest.size() - rest.size() % max_record_bytes;
    const auto written = co_await write_all(s, rest.substr(0, whole), deadline);
    if (!written) co_return written.error();
    record.append(rest.substr(whole));
  }
  if (record.empty()) co_return result<void>();
  co_return co_await write_all(s, std::string_view(record).substr(done), deadline);
}

class openssl_stream final : public tls_stream {
 public:
  explicit openssl_stream(session_ptr s) : session_(std::move(s)) {
    socket().look_with([from = session_.get()] { return look(*from); });
  }
  ~openssl_stream() override { close(false); }
  openssl_stream(const openssl_stream&) = delete;
  openssl_stream& operator=(const openssl_stream&) = delete;

  awaitable<result<void>> handshake(steady_time deadline) override { return shake_hands(session_, deadline); }
  [[nodiscard]] ssl_st* native() noexcept override { return session_->ssl.get(); }

  awaitable<result<std::size_t>> read_some(std::span<char> buffer, steady_time deadline) override {
    return read_from(session_, buffer, deadline);
  }

  awaitable<result<void>> write(std::span<const std::string_view> pieces, steady_time deadline) override {
    return write_pieces(session_, pieces, deadline);
  }

  void cancel() noexcept override { socket().cancel(); }

  void close(bool reset) noexcept override {
    if (!reset && socket().is_open() && std::exchange(session_->usable, false)) {
      forget_errors();
      SSL_shutdown(session_->ssl.get());
    }
    socket().close(reset);
  }

  void watch_peer(std::function<void()> on_gone) override { socket().watch(std::move(on_gone)); }

  [[nodiscard]] bool is_quiet() noexcept override {
    return socket().is_open() && (has_nothing(*session_) || look(*session_) == peer_state::quiet);
  }

  [[nodiscard]] std::string_view peer_address() const noexcept override { return session_->socket->peer_address(); }

 private:
  [[nodiscard]] ready_socket& socket() noexcept { return *session_->socket; }

  /// Session tickets and other messages that carry no bytes are taken in on the way.
  static peer_state look(session& s) noexcept {
    forget_errors();
    char byte = 0;
    std::size_t count = 0;
    const int returned = SSL_peek_ex(s.ssl.get(), &byte, 1, &count);
    if (returned == 1) return peer_state::bytes;
    return judge(s, returned).failure ? peer_state::gone : peer_state::quiet;
  }

  session_ptr session_;
};

}  // namespace

std::unique_ptr<tls_stream> make_tls_stream(worker& home, tcp_socket socket, const asio::ip::tcp::endpoint& peer,
                                            ssl_ptr ssl, tls_side side) {
  ready_socket_ptr ready(new ready_socket(home, std::move(socket), peer));
  auto* bio = make_socket_bio(*ready);
  SSL_set_bio(ssl.get(), bio, bio);
  // Buffers of idle connections are given back; a write may go on from another address after a wait.
  SSL_set_mode(ssl.get(),
               SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Header and body of a record in one recv().
  SSL_set_read_ahead(ssl.get(), 1);
  side == tls_side::client ? SSL_set_connect_state(ssl.get()) : SSL_set_accept_state(ssl.get());
  return std::make_unique<openssl_stream>(session_ptr(new session(std::move(ready), std::move(ssl))));
}

}  // namespace spidergate::runtime
