#include <spidergate/runtime/memory_stream.hpp>
#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/runtime/worker.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace spidergate::runtime {
namespace {

/// One direction: what one end writes and the other reads.
struct pipe {
  pipe(worker& home, std::size_t limit) : capacity(limit), reader(home), writer(home) {}

  const std::size_t capacity;
  std::string bytes;
  bool ended = false;   ///< the writing end has closed
  bool reset = false;   ///< the writing end dropped what was under way
  bool unread = false;  ///< the reading end has closed
  std::function<void()> on_gone;
  wait_point reader;
  wait_point writer;
};

using pipe_ptr = std::shared_ptr<pipe>;

awaitable<result<std::size_t>> read_from(pipe_ptr from, std::span<char> buffer, steady_time deadline) {
  for (;;) {
    if (from->unread) co_return error_code(asio::error::operation_aborted);
    if (from->reset) co_return error_code(asio::error::connection_reset);
    if (!from->bytes.empty()) {
      const auto count = std::min(buffer.size(), from->bytes.size());
      std::copy_n(from->bytes.begin(), count, buffer.begin());
      from->bytes.erase(0, count);
      from->writer.release();
      co_return count;
    }
    if (from->ended) co_return error_code(asio::error::eof);
    const auto ready = co_await from->reader.wait(deadline);
    if (!ready) co_return ready.error();
  }
}

awaitable<result<void>> write_to(pipe_ptr to, std::span<const std::string_view> pieces, steady_time deadline) {
  for (auto piece : pieces) {
    while (!piece.empty()) {
      if (to->ended) co_return error_code(asio::error::operation_aborted);
      if (to->unread) co_return error_code(asio::error::broken_pipe);
      const auto count = std::min(piece.size(), to->capacity - to->bytes.size());
      to->bytes.append(piece.substr(0, count));
      piece.remove_prefix(count);
      to->reader.release();
      if (count > 0) continue;
      const auto ready = co_await to->writer.wait(deadline);
      if (!ready) co_return ready.error();
    }
  }
  co_return result<void>();
}

class memory_stream final : public byte_stream {
 public:
  memory_stream(worker& home, pipe_ptr incoming, pipe_ptr outgoing)
      : home_(home), incoming_(std::move(incoming)), outgoing_(std::move(outgoing)) {}
  ~memory_stream() override { close(false); }
  memory_stream(const memory_stream&) = delete;
  memory_stream& operator=(const memory_stream&) = delete;

  awaitable<result<std::size_t>> read_some(std::span<char> buffer, steady_time deadline) override {
    return read_from(incoming_, buffer, deadline);
  }

  awaitable<result<void>> write(std::span<const std::string_view> pieces, steady_time deadline) override {
    return write_to(outgoing_, pieces, deadline);
  }

  void cancel() noexcept override {
    incoming_->reader.release(asio::error::operation_aborted);
    outgoing_->writer.release(asio::error::operation_aborted);
  }

  void close(bool reset) noexcept override {
    if (std::exchange(incoming_->unread, true)) return;
    incoming_->on_gone = nullptr;
    outgoing_->ended = true;
    outgoing_->reset = reset;
    cancel();
    incoming_->writer.release();
    if (outgoing_->reader.waiting()) {
      outgoing_->reader.release();
    } else if (outgoing_->bytes.empty() || reset) {
      announce_end(home_, outgoing_);
    }
  }

  void watch_peer(std::function<void()> on_gone) override {
    incoming_->on_gone = std::move(on_gone);
    if (incoming_->on_gone && incoming_->ended && incoming_->bytes.empty()) announce_end(home_, incoming_);
  }

  [[nodiscard]] bool is_quiet() noexcept override {
    return !incoming_->unread && !incoming_->ended && incoming_->bytes.empty();
  }

  [[nodiscard]] std::string_view peer_address() const noexcept override { return "127.0.0.1"; }

 private:
  /// In a later turn, as a socket would, and only if the watch still stands then.
  static void announce_end(worker& home, const pipe_ptr& watched) {
    home.post([watched] {
      if (const auto call = std::exchange(watched->on_gone, nullptr)) call();
    });
  }

  worker& home_;
  pipe_ptr incoming_;
  pipe_ptr outgoing_;
};

}  // namespace

std::pair<std::unique_ptr<byte_stream>, std::unique_ptr<byte_stream>> make_memory_stream_pair(worker& home,
                                                                                              std::size_t capacity) {
  const auto there = std::make_shared<pipe>(home, capacity);
  const auto back = std::make_shared<pipe>(home, capacity);
  return {std::make_unique<memory_stream>(home, back, there), std::make_unique<memory_stream>(home, there, back)};
}

}  // namespace spidergate::runtime
