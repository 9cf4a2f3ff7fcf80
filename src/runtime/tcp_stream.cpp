#include "ready_socket.hpp"

#include <spidergate/runtime/tcp_stream.hpp>

#include <utility>

namespace spidergate::runtime {
namespace {

// The coroutines hold the socket, not the stream: the stream may be destroyed while they wait.

awaitable<result<std::size_t>> read_from(ready_socket_ptr socket, std::span<char> buffer, steady_time deadline) {
  for (;;) {
    if (!socket->is_open()) co_return error_code(asio::error::operation_aborted);
    if (!socket->drained()) {
      const auto received = socket->receive(buffer);
      if (received || received.error() != asio::error::would_block) co_return received;
    }
    const auto ready = co_await socket->wait_readable(deadline);
    if (!ready) co_return ready.error();
  }
}

/// Drops `bytes` from the front of `pieces`, whose first piece has been sent up to `offset`, with empty pieces after
/// it.
void skip(std::span<const std::string_view>& pieces, std::size_t& offset, std::size_t bytes) {
  offset += bytes;
  while (!pieces.empty() && offset >= pieces.front().size()) {
    offset -= pieces.front().size();
    pieces = pieces.subspan(1);
  }
}

awaitable<result<void>> write_to(ready_socket_ptr socket, std::span<const std::string_view> pieces,
                                 steady_time deadline) {
  std::size_t offset = 0;
  skip(pieces, offset, 0);
  const auto turn = co_await socket->wait_turn_end();
  if (!turn) co_return turn.error();
  while (!pieces.empty()) {
    if (!socket->is_open()) co_return error_code(asio::error::operation_aborted);
    const auto sent = socket->send(pieces, offset);
    if (sent) {
      skip(pieces, offset, *sent);
    } else if (sent.error() != asio::error::would_block) {
      co_return sent.error();
    } else {
      const auto ready = co_await socket->wait_writable(deadline);
      if (!ready) co_return ready.error();
    }
  }
  co_return result<void>();
}

class plain_stream final : public byte_stream {
 public:
  explicit plain_stream(ready_socket_ptr socket) : socket_(std::move(socket)) {}
  ~plain_stream() override { socket_->close(false); }
  plain_stream(const plain_stream&) = delete;
  plain_stream& operator=(const plain_stream&) = delete;

  awaitable<result<std::size_t>> read_some(std::span<char> buffer, steady_time deadline) override {
    return read_from(socket_, buffer, deadline);
  }
  awaitable<result<void>> write(std::span<const std::string_view> pieces, steady_time deadline) override {
    return write_to(socket_, pieces, deadline);
  }
  void cancel() noexcept override { socket_->cancel(); }
  void close(bool reset) noexcept override { socket_->close(reset); }
  void watch_peer(std::function<void()> on_gone) override { socket_->watch(std::move(on_gone)); }
  [[nodiscard]] bool is_quiet() noexcept override {
    return socket_->is_open() && (socket_->drained() || socket_->peek() == peer_state::quiet);
  }
  [[nodiscard]] std::string_view peer_address() const noexcept override { return socket_->peer_address(); }

 private:
  ready_socket_ptr socket_;
};

}  // namespace

std::unique_ptr<byte_stream> make_tcp_stream(worker& home, tcp_socket socket, const asio::ip::tcp::endpoint& peer) {
  return std::make_unique<plain_stream>(ready_socket_ptr(new ready_socket(home, std::move(socket), peer)));
}

}  // namespace spidergate::runtime
