#pragma once
#include "event_sink.hpp"

#include <spidergate/runtime/tcp_stream.hpp>
#include <spidergate/runtime/wait_point.hpp>

#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>

#include <cstddef>
#include <cstdint>
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
/// Counted, because a suspended coroutine may outlive the stream. Worker thread only.
///
/// After a read that took everything (`drained`), the next one waits first instead of asking the system in vain.
class ready_socket final : public boost::intrusive_ref_counter<ready_socket, boost::thread_unsafe_counter>,
                           public event_sink {
 public:
  /// A connected socket. Should the system refuse it a place in the event loop, it is closed at once.
  ready_socket(worker& home, tcp_socket socket, const asio::ip::tcp::endpoint& peer);
  /// One that listens, or is connecting. What the system said when it refused a place in the event loop is in
  /// `refused`, and then the socket is closed.
  ready_socket(worker& home, tcp_socket socket, error_code& refused);
  ~ready_socket() { close(false); }

  [[nodiscard]] bool is_open() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int native_handle() const noexcept { return fd_; }
  /// Nothing was left, and nothing has come since as far as the event loop has seen.
  [[nodiscard]] bool drained() const noexcept { return drained_; }

  /// One recv(); `would_block` when there is nothing, `eof` at the end.
  [[nodiscard]] result<std::size_t> receive(std::span<char> buffer) noexcept;
  /// One sendmsg() of all the pieces (of the first 256), from `offset` within the first; `would_block` when the buffer
  /// is full.
  [[nodiscard]] result<std::size_t> send(std::span<const std::string_view> pieces, std::size_t offset) noexcept;
  /// Looks without taking anything.
  [[nodiscard]] peer_state peek() noexcept;

  [[nodiscard]] wait_point::parking wait_readable(steady_time deadline);
  [[nodiscard]] wait_point::parking wait_writable(steady_time deadline);
  /// The time to write: see event_loop. May come early.
  [[nodiscard]] wait_point::parking wait_turn_end();

  /// See byte_stream::watch_peer.
  void watch(std::function<void()> on_gone);
  /// How a watch finds out what has come, where that is not told by peek(). Must stay valid until close().
  void look_with(std::function<peer_state()> look) { look_ = std::move(look); }

  /// Where wait_writable() waits.
  [[nodiscard]] wait_point& writer() noexcept { return writer_; }

  void cancel() noexcept;
  void close(bool reset) noexcept;
  /// Takes the descriptor out of the event loop, open as it is; what is left is a closed socket.
  [[nodiscard]] tcp_socket release() noexcept;

  [[nodiscard]] std::string_view peer_address() const noexcept { return peer_address_; }

 private:
  friend class event_loop;

  void on_events(std::uint32_t events) override;
  void on_turn_end() { writer_.resume_now(); }
  void look_at_peer();

  worker& home_;
  int fd_ = -1;
  bool drained_ = true;
  bool ended_ = false;  ///< the peer will send no more: what a read does not take is not told again
  wait_point reader_;
  wait_point writer_;
  std::function<void()> on_gone_;
  std::function<peer_state()> look_;
  std::string peer_address_;
};

using ready_socket_ptr = boost::intrusive_ptr<ready_socket>;

}  // namespace spidergate::runtime
