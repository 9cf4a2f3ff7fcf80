#include "stream_pairs.hpp"

#include <spidergate/runtime/byte_stream.hpp>
#include <spidergate/runtime/landing_buffer.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <run_coroutine.hpp>
#include <string>
#include <utility>
#include <vector>

// What every byte_stream promises, whatever carries the bytes.
namespace spidergate::runtime {
namespace {

using namespace std::chrono_literals;
using testing::in;

struct read_outcome {
  bool finished = false;
  error_code failure;
  std::string bytes;
};

struct write_outcome {
  bool finished = false;
  error_code failure;
};

awaitable<void> read_into(byte_stream& from, read_outcome& out, steady_time deadline) {
  std::string buffer(1024, '\0');
  const auto count = co_await from.read_some(buffer, deadline);
  out.failure = count.error();
  if (count) out.bytes = buffer.substr(0, *count);
  out.finished = true;
}

/// Takes what has landed as it comes, round after round.
awaitable<void> read_landed(byte_stream& from, read_outcome& out, std::size_t wanted) {
  while (out.bytes.size() < wanted) {
    const auto landing = landing_buffer();
    const auto count = co_await from.read_some(landing, steady_time::max());
    if (!count) {
      out.failure = count.error();
      break;
    }
    out.bytes.append(landing.data(), *count);
  }
  out.finished = true;
}

awaitable<void> read_all_into(byte_stream& from, read_outcome& out, std::size_t wanted) {
  std::string buffer(48 * 1024, '\0');
  while (out.bytes.size() < wanted) {
    const auto count = co_await from.read_some(buffer, steady_time::max());
    if (!count) {
      out.failure = count.error();
      break;
    }
    out.bytes.append(buffer, 0, *count);
  }
  out.finished = true;
}

awaitable<void> write_pieces(byte_stream& to, std::vector<std::string> texts, write_outcome& out,
                             steady_time deadline) {
  const std::vector<std::string_view> pieces(texts.begin(), texts.end());
  out.failure = (co_await to.write(pieces, deadline)).error();
  out.finished = true;
}

class byte_stream_contract : public ::testing::TestWithParam<stream_pair_maker> {
 protected:
  void SetUp() override { std::tie(here_, there_) = GetParam().make(worker_); }

  void start_read(byte_stream& from, read_outcome& out, steady_time deadline = steady_time::max()) {
    worker_.spawn([&from, &out, deadline] { return read_into(from, out, deadline); });
    settle();
  }
  void start_write(byte_stream& to, std::vector<std::string> texts, write_outcome& out,
                   steady_time deadline = steady_time::max()) {
    worker_.spawn([&to, texts = std::move(texts), &out, deadline] { return write_pieces(to, texts, out, deadline); });
    settle();
  }
  /// Runs whatever can go on without anything new from outside.
  void settle() { testing::settle(worker_); }
  template <class Outcome>
  void finish(const Outcome& outcome) {
    testing::run_until(worker_, [&] { return outcome.finished; });
  }
  void send(std::string text) {
    write_outcome written;
    start_write(*there_, {std::move(text)}, written);
    finish(written);
    ASSERT_FALSE(written.failure) << written.failure.message();
  }
  std::string receive() {
    read_outcome out;
    start_read(*here_, out);
    finish(out);
    EXPECT_FALSE(out.failure) << out.failure.message();
    return out.bytes;
  }

  worker worker_{0, system_clock()};
  std::unique_ptr<byte_stream> here_;
  std::unique_ptr<byte_stream> there_;
};

TEST_P(byte_stream_contract, carries_bytes_both_ways) {
  send("hello");
  EXPECT_EQ(receive(), "hello");
  std::swap(here_, there_);
  send("world");
  EXPECT_EQ(receive(), "world");
}

TEST_P(byte_stream_contract, read_waits_for_bytes_to_come) {
  read_outcome out;
  start_read(*here_, out);
  EXPECT_FALSE(out.finished);
  send("late");
  finish(out);
  EXPECT_EQ(out.bytes, "late");
}

TEST_P(byte_stream_contract, writes_all_the_pieces_in_order) {
  std::vector<std::string> texts;
  std::string whole;
  for (int i = 0; i < 600; ++i) {
    texts.push_back(i % 7 == 0 ? std::string() : std::to_string(i) + ",");
    whole += texts.back();
  }
  read_outcome out;
  worker_.spawn([&] { return read_all_into(*here_, out, whole.size()); });
  write_outcome written;
  start_write(*there_, texts, written);
  finish(written);
  finish(out);
  EXPECT_EQ(out.bytes, whole);
}

TEST_P(byte_stream_contract, write_waits_for_a_slow_reader) {
  std::vector<std::string> texts{std::string(5'000'000, 'a'), "b", std::string(40'000, 'c'), std::string(7, 'd')};
  std::string whole;
  for (const auto& text : texts) whole += text;
  write_outcome written;
  start_write(*there_, texts, written);
  EXPECT_FALSE(written.finished);
  read_outcome out;
  worker_.spawn([&] { return read_all_into(*here_, out, whole.size()); });
  finish(out);
  finish(written);
  EXPECT_FALSE(written.failure);
  EXPECT_TRUE(out.bytes == whole);
}

TEST_P(byte_stream_contract, both_directions_are_busy_at_once) {
  const std::string big(2'000'000, 'x');
  write_outcome one;
  write_outcome two;
  read_outcome in_one;
  read_outcome in_two;
  start_write(*here_, {big}, one);
  start_write(*there_, {big}, two);
  worker_.spawn([&] { return read_all_into(*here_, in_one, big.size()); });
  worker_.spawn([&] { return read_all_into(*there_, in_two, big.size()); });
  finish(in_one);
  finish(in_two);
  EXPECT_EQ(in_one.bytes.size() + in_two.bytes.size(), 2 * big.size());
}

TEST_P(byte_stream_contract, streams_of_a_thread_may_share_the_buffer_that_they_read_into) {
  constexpr std::size_t bytes = 200'000;
  read_outcome left, right;
  worker_.spawn([&] { return read_landed(*here_, left, bytes); });
  worker_.spawn([&] { return read_landed(*there_, right, bytes); });
  settle();
  write_outcome to_left, to_right;
  start_write(*there_, {std::string(bytes / 2, 'a'), std::string(bytes / 2, 'b')}, to_left);
  start_write(*here_, {std::string(bytes / 2, 'c'), std::string(bytes / 2, 'd')}, to_right);
  finish(left);
  finish(right);
  EXPECT_TRUE(left.bytes == std::string(bytes / 2, 'a') + std::string(bytes / 2, 'b'));
  EXPECT_TRUE(right.bytes == std::string(bytes / 2, 'c') + std::string(bytes / 2, 'd'));
}

TEST_P(byte_stream_contract, write_of_nothing_succeeds) {
  write_outcome written;
  start_write(*here_, {"", ""}, written);
  finish(written);
  EXPECT_FALSE(written.failure);
}

TEST_P(byte_stream_contract, eof_follows_the_last_bytes) {
  send("bye");
  there_->close();
  EXPECT_EQ(receive(), "bye");
  read_outcome out;
  start_read(*here_, out);
  finish(out);
  EXPECT_EQ(out.failure, asio::error::eof);
}

TEST_P(byte_stream_contract, eof_reaches_a_waiting_read) {
  read_outcome out;
  start_read(*here_, out);
  there_.reset();
  finish(out);
  EXPECT_EQ(out.failure, asio::error::eof);
}

TEST_P(byte_stream_contract, reset_reaches_the_peer_as_an_error) {
  read_outcome out;
  start_read(*here_, out);
  there_->close(true);
  finish(out);
  EXPECT_EQ(out.failure, asio::error::connection_reset);
}

TEST_P(byte_stream_contract, read_times_out_at_its_deadline) {
  read_outcome out;
  const auto deadline = in(20ms);
  start_read(*here_, out, deadline);
  finish(out);
  EXPECT_EQ(out.failure, asio::error::timed_out);
  EXPECT_GE(std::chrono::steady_clock::now(), deadline);
}

TEST_P(byte_stream_contract, write_times_out_at_its_deadline) {
  write_outcome written;
  start_write(*here_, {std::string(20'000'000, 'x')}, written, in(20ms));
  finish(written);
  EXPECT_EQ(written.failure, asio::error::timed_out);
}

TEST_P(byte_stream_contract, cancel_interrupts_read_and_write) {
  read_outcome out;
  write_outcome written;
  start_read(*here_, out);
  start_write(*here_, {std::string(20'000'000, 'x')}, written);
  EXPECT_FALSE(written.finished);
  here_->cancel();
  here_->cancel();
  finish(out);
  finish(written);
  EXPECT_EQ(out.failure, asio::error::operation_aborted);
  EXPECT_EQ(written.failure, asio::error::operation_aborted);
}

TEST_P(byte_stream_contract, destruction_interrupts_read_and_write) {
  read_outcome out;
  write_outcome written;
  start_read(*here_, out);
  start_write(*here_, {std::string(20'000'000, 'x')}, written);
  here_.reset();
  finish(out);
  finish(written);
  EXPECT_EQ(out.failure, asio::error::operation_aborted);
  EXPECT_EQ(written.failure, asio::error::operation_aborted);
}

TEST_P(byte_stream_contract, the_worker_may_end_with_waits_outstanding) {
  read_outcome out;
  auto home = std::make_unique<worker>(1, system_clock());
  auto pair = GetParam().make(*home);
  struct owner {
    static awaitable<void> read(std::unique_ptr<byte_stream> stream, read_outcome& into) {
      co_await read_into(*stream, into, steady_time::max());
    }
  };
  home->spawn([&, stream = std::make_shared<std::unique_ptr<byte_stream>>(std::move(pair.first))] {
    return owner::read(std::move(*stream), out);
  });
  testing::settle(*home);
  pair.second.reset();
  home.reset();
  EXPECT_FALSE(out.finished);
}

TEST_P(byte_stream_contract, closed_streams_refuse_work) {
  here_->close();
  here_->close();
  read_outcome out;
  write_outcome written;
  start_read(*here_, out);
  start_write(*here_, {"x"}, written);
  finish(out);
  finish(written);
  EXPECT_TRUE(out.failure);
  EXPECT_TRUE(written.failure);
  EXPECT_FALSE(here_->is_quiet());
}

TEST_P(byte_stream_contract, the_watch_tells_of_a_close_once) {
  int gone = 0;
  here_->watch_peer([&] { ++gone; });
  settle();
  EXPECT_EQ(gone, 0);
  there_->close();
  testing::run_until(worker_, [&] { return gone > 0; });
  settle();
  EXPECT_EQ(gone, 1);
}

TEST_P(byte_stream_contract, the_watch_tells_of_a_reset) {
  int gone = 0;
  here_->watch_peer([&] { ++gone; });
  there_->close(true);
  testing::run_until(worker_, [&] { return gone > 0; });
}

TEST_P(byte_stream_contract, the_watch_tells_of_a_close_that_came_before_it) {
  there_->close();
  settle();
  int gone = 0;
  here_->watch_peer([&] { ++gone; });
  testing::run_until(worker_, [&] { return gone > 0; });
}

TEST_P(byte_stream_contract, the_watch_is_silent_on_bytes_and_leaves_them) {
  here_->watch_peer([] { ADD_FAILURE(); });
  send("pipelined");
  settle();
  EXPECT_EQ(receive(), "pipelined");
  here_->watch_peer({});
}

TEST_P(byte_stream_contract, the_watch_can_be_ended) {
  here_->watch_peer([] { ADD_FAILURE(); });
  here_->watch_peer({});
  there_->close();
  read_outcome out;
  start_read(*here_, out);
  finish(out);
  EXPECT_EQ(out.failure, asio::error::eof);
}

TEST_P(byte_stream_contract, a_read_takes_over_from_the_watch) {
  int gone = 0;
  here_->watch_peer([&] { ++gone; });
  settle();
  send("first");
  EXPECT_EQ(receive(), "first");
  read_outcome out;
  start_read(*here_, out);
  send("second");
  finish(out);
  EXPECT_EQ(out.bytes, "second");
  EXPECT_EQ(gone, 0);
}

TEST_P(byte_stream_contract, the_watch_may_destroy_the_stream) {
  bool gone = false;
  here_->watch_peer([&] {
    here_.reset();
    gone = true;
  });
  there_->close();
  testing::run_until(worker_, [&] { return gone; });
  settle();
}

TEST_P(byte_stream_contract, is_quiet_until_bytes_or_the_end_have_come) {
  send("x");
  EXPECT_EQ(receive(), "x");
  EXPECT_TRUE(here_->is_quiet());
  EXPECT_TRUE(here_->is_quiet());
  send("y");
  EXPECT_FALSE(here_->is_quiet());
  EXPECT_EQ(receive(), "y");
  EXPECT_TRUE(here_->is_quiet());
  there_->close();
  settle();
  EXPECT_FALSE(here_->is_quiet());
  EXPECT_FALSE(here_->is_quiet());
}

TEST_P(byte_stream_contract, knows_its_peer) {
  EXPECT_EQ(here_->peer_address(), "127.0.0.1");
}

/// Only sockets: what is in memory costs no wake-up.
TEST(tcp_stream, writes_wait_until_all_that_is_ready_has_been_worked_through) {
  worker home(0, system_clock());
  const auto makers = stream_pair_makers();
  const auto tcp = std::ranges::find(makers, "tcp", &stream_pair_maker::name);
  ASSERT_NE(tcp, makers.end());
  auto [here, there] = tcp->make(home);
  write_outcome written;
  bool finished_at_once = true;
  home.spawn([&, to = there.get()] { return write_pieces(*to, {"x"}, written, steady_time::max()); });
  home.post([&] { finished_at_once = written.finished; });
  testing::run_until(home, [&] { return written.finished; });
  EXPECT_FALSE(finished_at_once);
  EXPECT_FALSE(written.failure) << written.failure.message();
}

INSTANTIATE_TEST_SUITE_P(streams, byte_stream_contract, ::testing::ValuesIn(stream_pair_makers()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace spidergate::runtime
