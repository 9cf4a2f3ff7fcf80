#pragma once
#include <spidergate/runtime/tcp_stream.hpp>
#include <spidergate/runtime/wait_point.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace spidergate::runtime {

/// What a look at an idle connection shows.
enum class peer_state {
  quiet,  ///< nothing has arrived
  bytes,  ///< there is something to read
  gone,   ///< the end, or an error
};

/// A non-blocking socket with what is known about its readiness: the ground of the TCP and the TLS stream.
/// Counted, because a wait in the reactor and a suspended coroutine may outlive the stream. Worker thread only.
///
/// After a read that took everything (`drained`), the next one waits first instead of asking the system in vain. A wait
/// for bytes, once begun, stays until it fires, and serves whoever reads or watches then.
class ready_socket final : public boost::intrusive_ref_counter<ready_socket, boost::thread_unsafe_counter> {
 public:
  ready_socket(worker& home, tcp_socket socket, const asio::ip::tcp::endpoint& peer);

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] bool drained() const noexcept { return drained_; }
  /// Nothing was left, and nothing has come since as far as the event loop has seen: a look can be spared.
  [[nodiscard]] bool known_quiet() const noexcept { return is_open() && drained_ && awaiting_bytes_; }
  /// Takes back what the last read has taught: the next one asks the system.
  void forget_drained() noexcept { drained_ = false; }

  /// One recv(); `would_block` when there is nothing, `eof` at the end.
  [[nodiscard]] result<std::size_t> receive(std::span<char> buffer) noexcept;
  /// One sendmsg() of all the pieces (of the first 256), from `offset` within the first; `would_block` when the buffer
  /// is full.
  [[nodiscard]] result<std::size_t> send(std::span<const std::string_view> pieces, std::size_t offset) noexcept;
  /// Looks without taking anything.
  [[nodiscard]] peer_state peek() noexcept;

  [[nodiscard]] wait_point::parking wait_readable(steady_time deadline);
  [[nodiscard]] wait_point::parking wait_writable(steady_time deadline);

  /// See byte_stream::watch_peer.
  void watch(std::function<void()> on_gone);
  /// How a watch finds out what has come, where that is not told by peek(). Must stay valid until close().
  void look_with(std::function<peer_state()> look) { look_ = std::move(look); }

  void cancel() noexcept;
  void close(bool reset) noexcept;

  [[nodiscard]] std::string_view peer_address() const noexcept { return peer_address_; }

 private:
  struct wait_handler;

  void await_bytes();
  void await_space();
  void on_bytes(error_code failure);
  void on_space(error_code failure);
  void look_at_peer();

  tcp_socket socket_;
  int fd_;
  bool drained_ = true;
  bool awaiting_bytes_ = false;
  bool awaiting_space_ = false;
  wait_point reader_;
  wait_point writer_;
  std::function<void()> on_gone_;
  std::function<peer_state()> look_;
  std::string peer_address_;
};

using ready_socket_ptr = boost::intrusive_ptr<ready_socket>;

}  // namespace spidergate::runtime
