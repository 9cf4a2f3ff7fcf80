#pragma once
#include "connection.hpp"
#include "run_coroutine.hpp"

#include <spidergate/http/errc.hpp>
#include <spidergate/runtime/memory_stream.hpp>
#include <spidergate/runtime/worker.hpp>

#include <gtest/gtest.h>

#include <array>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace spidergate::testing {

/// Hands each request to a function; by default tells what arrived.
class scripted_handler final : public http::handler {
 public:
  std::function<awaitable<void>(http::exchange&)> script = echo;
  int handled = 0;

  awaitable<void> handle(http::exchange& x) override {
    ++handled;
    return script(x);
  }

  void describe_refusal(int status, std::string_view, std::string& body, http::header_block& headers) override {
    body = "refused " + std::to_string(status);
    headers.add("X-Refused", "yes");
  }

  static awaitable<void> say(http::exchange& x, int status, std::string text) {
    const http::header_block none;
    const std::array<std::string_view, 1> body{text};
    static_cast<void>(co_await x.respond(status, none, body));
  }

  static awaitable<void> echo(http::exchange& x) {
    const auto body = co_await x.read_body();
    std::string text(x.head().method);
    text.append(" ").append(x.head().path).append(" ");
    if (!body) {
      co_await say(x, body.error() == http::errc::body_too_large ? 413 : 400, text + body.error().message());
      co_return;
    }
    std::size_t padding = 0;
    for (std::size_t i = 0; i < 64; ++i) padding += static_cast<unsigned char>(body->data()[body->size() + i]) & 1U;
    EXPECT_LE(padding, 64U);  // all of it was readable, or the sanitizer has spoken
    co_await say(x, 200, text + std::string(*body) + ".");
  }
};

/// Counts what would be system calls.
class counting_stream final : public runtime::byte_stream {
 public:
  explicit counting_stream(std::unique_ptr<byte_stream> inner) : inner_(std::move(inner)) {}
  int reads = 0;
  int writes = 0;

  awaitable<result<std::size_t>> read_some(std::span<char> buffer, steady_time deadline) override {
    ++reads;
    return inner_->read_some(buffer, deadline);
  }
  awaitable<result<void>> write(std::span<const std::string_view> pieces, steady_time deadline) override {
    ++writes;
    return inner_->write(pieces, deadline);
  }
  void cancel() noexcept override { inner_->cancel(); }
  void close(bool reset) noexcept override { inner_->close(reset); }
  void watch_peer(std::function<void()> on_gone) override { inner_->watch_peer(std::move(on_gone)); }
  [[nodiscard]] bool is_quiet() noexcept override { return inner_->is_quiet(); }
  [[nodiscard]] std::string_view peer_address() const noexcept override { return inner_->peer_address(); }

 private:
  std::unique_ptr<byte_stream> inner_;
};

/// A connection served over memory, and the client's end of it. The worker runs on the test's thread.
class served_connection {
 public:
  explicit served_connection(http::limits bounds = {}, std::size_t capacity = 64 * 1024)
      : site(runtime::system_clock(), handler, counters, bounds, false) {
    auto [mine, theirs] = runtime::make_memory_stream_pair(worker, capacity);
    client = std::move(mine);
    auto counted = std::make_unique<counting_stream>(std::move(theirs));
    calls = counted.get();
    connection = std::make_unique<http::connection>(site, std::move(counted));
  }

  ~served_connection() {
    if (started_) close();
    if (started_) run_until(worker, [this] { return ended && !reading_; });
  }

  void start(bool reading = true) {
    started_ = true;
    runtime::run_detached(connection->serve(), [this](std::exception_ptr thrown) {
      bug = std::move(thrown);
      ended = true;
    });
    if (reading) read_on();
  }

  /// Everything the server says is collected in `received`.
  void read_on() {
    reading_ = true;
    runtime::run_detached(collect(*client, received), [this](const std::exception_ptr&) { reading_ = false; });
  }

  void send(std::string_view bytes) {
    const std::array<std::string_view, 1> pieces{bytes};
    static_cast<void>(run_coroutine(worker, client->write(pieces, in(std::chrono::seconds(5)))));
    settle();
  }

  /// Lets everything run that can.
  void settle() { testing::settle(worker); }

  void wait_for(std::string_view text) {
    run_until(worker, [&] { return received.find(text) != std::string::npos || (ended && !reading_); });
    EXPECT_NE(received.find(text), std::string::npos) << "waited for: " << text << "\nreceived: " << received;
  }
  void wait_for_end() {
    run_until(worker, [&] { return ended && !reading_; });
  }
  void close() { client->close(); }

  /// One conversation: sends all, waits for `last`, gives what was received with the Date lines taken out.
  std::string talk(const std::vector<std::string_view>& pieces, std::string_view last) {
    start();
    for (const auto piece : pieces) send(piece);
    wait_for(last);
    settle();
    return without_dates();
  }

  [[nodiscard]] std::string without_dates() const {
    auto text = received;
    for (auto at = text.find("Date: "); at != std::string::npos; at = text.find("Date: ")) text.erase(at, 37);
    return text;
  }

  runtime::worker worker{0, runtime::system_clock()};
  scripted_handler handler;
  http::connection_counters counters;
  http::connection_site site;
  std::unique_ptr<runtime::byte_stream> client;
  counting_stream* calls = nullptr;
  std::unique_ptr<http::connection> connection;
  std::string received;
  std::exception_ptr bug;
  bool ended = false;

 private:
  static awaitable<void> collect(runtime::byte_stream& stream, std::string& received) {
    std::array<char, 4096> buffer;
    for (;;) {
      const auto got = co_await stream.read_some(buffer, steady_time::max());
      if (!got) co_return;
      received.append(buffer.data(), *got);
    }
  }

  bool started_ = false;
  bool reading_ = false;
};

}  // namespace spidergate::testing
