#include "connection.hpp"

#include <array>
#include <chrono>
#include <utility>

namespace spidergate::kv::redis {

connection::connection(runtime::worker& home, std::unique_ptr<runtime::byte_stream> stream)
    : home_(home), stream_(std::move(stream)), more_(home) {}

void connection::start() {
  home_.spawn([self = shared_from_this()] { return read(self); });
  home_.spawn([self = shared_from_this()] { return write(self); });
}

awaitable<void> connection::read(std::shared_ptr<connection> self) {
  std::array<char, 16 * 1024> buffer;
  while (self->open_) {
    const auto got = co_await self->stream_->read_some(buffer, steady_time::max());
    if (!self->open_) break;
    self->heard_at_ = self->home_.time().steady_now();
    const auto fed = got ? self->decoder_.feed({buffer.data(), *got}) : result<void>(got.error());
    const auto failure = fed ? self->hand_out() : fed.error();
    if (failure) self->break_off(failure);
  }
}

error_code connection::hand_out() {
  while (open_) {
    auto next = decoder_.next();
    if (!next) return next.error();
    if (!*next) return {};
    if (waiting_.empty()) return asio::error::invalid_argument;  // an answer that nobody asked for
    auto* sink = waiting_.front().sink;
    waiting_.pop_front();
    sink->on_answer(std::move(**next));
  }
  return {};
}

awaitable<void> connection::write(std::shared_ptr<connection> self) {
  // A write that the server does not take for so long is a server that answers nothing either.
  constexpr std::chrono::seconds longest_write{2};
  while (self->open_) {
    self->put_late();
    if (self->out_.empty()) {
      if (!co_await self->more_.wait(steady_time::max())) break;
      continue;
    }
    self->writing_.swap(self->out_);
    const std::string_view piece = self->writing_;
    const auto written = co_await self->stream_->write({&piece, 1}, self->home_.time().steady_now() + longest_write);
    self->writing_.clear();
    if (!written) self->break_off(written.error());
  }
}

void connection::put_late() {
  auto* const late = std::exchange(late_, nullptr);
  if (late == nullptr) return;
  late_bytes_.clear();
  late->append_to(late_bytes_);
  out_.insert(late_at_, late_bytes_);
}

void connection::break_off(error_code why) noexcept {
  if (!std::exchange(open_, false)) return;
  late_ = nullptr;
  stream_->cancel();
  stream_->close(true);
  more_.release(asio::error::operation_aborted);
  for (const auto& one : std::exchange(waiting_, {})) one.sink->on_broken(why);
}

void connection::check(std::chrono::milliseconds longest_silence) noexcept {
  if (waiting_.empty()) return;
  const auto silent_since = std::max(waiting_.front().since, heard_at_);
  if (silent_since + longest_silence < home_.time().steady_now()) break_off(asio::error::timed_out);
}

}  // namespace spidergate::kv::redis
