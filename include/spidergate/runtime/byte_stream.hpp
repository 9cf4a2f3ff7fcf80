#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/awaitable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace spidergate::runtime {

/// A connected, ordered, two-way stream of bytes: TCP, TLS, or a pair in memory for tests.
/// Owned by one coroutine, used on one worker thread. At most one read and one write at a time.
///
/// Failures are error codes: `asio::error::eof` when the peer has finished, `asio::error::timed_out` when the deadline
/// passed, `asio::error::operation_aborted` after cancel(), and the system's own codes. After a failed or cancelled
/// read or write the stream must be closed, not reused.
class byte_stream {
 public:
  virtual ~byte_stream() = default;

  /// Reads at least one byte. `buffer` is not touched before that is done, and then the caller goes on at once: streams
  /// may share one, see landing_buffer().
  virtual awaitable<result<std::size_t>> read_some(std::span<char> buffer, steady_time deadline) = 0;

  /// Writes all the pieces, in one system call where the kernel takes them, once everything that is ready on this
  /// worker has been worked through. The deadline is for the whole write
  /// and is not extended by progress. The pieces must live until completion.
  virtual awaitable<result<void>> write(std::span<const std::string_view> pieces, steady_time deadline) = 0;

  /// Interrupts a pending read or write, which then fails with operation_aborted. Idempotent.
  virtual void cancel() noexcept = 0;

  /// Closes at once (TLS: without waiting for the peer's close_notify). Idempotent. `reset` drops unsent bytes and
  /// sends RST.
  virtual void close(bool reset = false) noexcept = 0;

  /// While a watcher is set and no read is pending, it is called once when the peer closes or resets. Bytes that arrive
  /// are left for the next read; after that the watch stays silent until that read. An empty function ends the watch.
  /// Costs no system call.
  virtual void watch_peer(std::function<void()> on_gone) = 0;

  /// For a stream resting in a pool: true when nothing has arrived, neither bytes nor the end, as far as the event loop
  /// has seen. Costs at most one non-blocking system call.
  [[nodiscard]] virtual bool is_quiet() noexcept = 0;

  /// The peer's address ("192.0.2.1", "2001:db8::1"), without port.
  [[nodiscard]] virtual std::string_view peer_address() const noexcept = 0;
};

}  // namespace spidergate::runtime
