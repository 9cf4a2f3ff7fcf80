#include "connection.hpp"

#include <spidergate/http/errc.hpp>

#include <chrono>
#include <sys/socket.h>
#include <utility>

namespace spidergate::http {

namespace {

/// How long a client is given to read an answer behind which we close.
constexpr std::chrono::milliseconds goodbye_time{1000};

}  // namespace

connection::connection(connection_site& site, std::unique_ptr<runtime::byte_stream> stream, int socket)
    : site_(site),
      stream_(std::move(stream)),
      socket_(socket),
      reader_(*stream_, site.time, site.limits),
      writer_(*stream_, site.time, site.limits, site.date) {}

awaitable<void> connection::serve() {
  std::exception_ptr bug;
  while (!(site_.draining && reader_.idle())) {
    const auto next = co_await reader_.read_head();
    if (next == request_reader::outcome::refused) co_await refuse(reader_.reason());
    if (next != request_reader::outcome::ready) break;

    writer_.start(reader_.head().version, reader_.head().method == "HEAD");
    bug = co_await run_handler();
    if (bug && !writer_.begun()) co_await answer_alone(500, "The gateway failed to answer; this is a bug.");
    if (bug || !writer_.complete()) break;
    if (writer_.closes()) {
      // What may still be on its way to us would reset the connection under an answer that has not been read yet.
      if (reader_.head().keep_alive || !reader_.body_taken()) co_await say_goodbye();
      break;
    }
    if (!reader_.body_taken()) {
      const bool skipped = co_await reader_.skip_body();
      if (!skipped) break;
    }
    reader_.next_request();
  }
  close();
  if (bug) std::rethrow_exception(bug);
}

awaitable<std::exception_ptr> connection::run_handler() {
  std::exception_ptr bug;
  handling_ = true;
  try {
    co_await site_.requests.handle(*this);
  } catch (...) {
    bug = std::current_exception();
  }
  handling_ = false;
  if (on_gone_) {
    stream_->watch_peer({});
    on_gone_ = nullptr;
  }
  count_timeouts();
  co_return bug;
}

void connection::count_timeouts() noexcept {
  if (writer_.timed_out() || reader_.body_timed_out()) site_.counters.timeouts.fetch_add(1, std::memory_order_relaxed);
}

awaitable<void> connection::refuse(verdict why) {
  auto& counter = why.why == refusal::timed_out ? site_.counters.timeouts : site_.counters.refused_heads;
  counter.fetch_add(1, std::memory_order_relaxed);
  return answer_alone(status_of(why.why), why.message);
}

awaitable<void> connection::turn_away() {
  co_await answer_alone(status_of(refusal::overloaded), "This server has as many connections as it accepts.");
  close();
}

awaitable<void> connection::answer_alone(int status, std::string_view message) {
  std::string body;
  header_block headers;
  site_.requests.describe_refusal(status, message, body, headers);
  writer_.start(11, false);
  writer_.close_after();
  const std::string_view text = body;
  const auto sent = co_await writer_.respond(status, headers, {&text, 1});
  if (sent) co_await say_goodbye();
}

awaitable<void> connection::say_goodbye() {
  if (socket_ >= 0 && !closed_) ::shutdown(socket_, SHUT_WR);
  return reader_.linger(site_.time.steady_now() + goodbye_time);
}

/// Whether the connection can go on is told in the answer's head, so it is decided before that is written.
void connection::decide_ending() {
  if (!reader_.head().keep_alive || !site_.keeps_alive() || !reader_.can_go_on()) writer_.close_after();
}

awaitable<result<void>> connection::respond(int status, const header_block& headers,
                                            std::span<const std::string_view> body) {
  decide_ending();
  return writer_.respond(status, headers, body);
}

void connection::begin_stream(int status, const header_block& headers) {
  decide_ending();
  writer_.begin_stream(status, headers);
}

void connection::watch_client(std::function<void()> on_gone) {
  on_gone_ = std::move(on_gone);
  stream_->watch_peer([this] { client_gone(); });
}

void connection::client_gone() {
  if (!handling_ || !on_gone_) return;
  const auto notify = std::exchange(on_gone_, nullptr);
  notify();
}

void connection::drain() noexcept {
  if (!handling_ && reader_.idle()) stream_->cancel();
}

void connection::close() noexcept {
  closed_ = true;
  stream_->close(writer_.needs_reset());
  client_gone();
}

}  // namespace spidergate::http
