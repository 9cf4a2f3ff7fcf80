#include "redis/connection.hpp"
#include "run_coroutine.hpp"

#include <spidergate/runtime/turn.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace spidergate::kv::redis {
namespace {

using namespace std::chrono_literals;

/// A server's side: takes everything at once, and says what it is told to say.
struct scripted_server {
  explicit scripted_server(runtime::worker& home) : more(home) {}
  void say(std::string_view text) {
    said += text;
    more.release();
  }
  std::string taken;
  int writes = 0;
  std::string said;
  runtime::wait_point more;
};

class scripted_stream final : public runtime::byte_stream {
 public:
  explicit scripted_stream(scripted_server& server) : server_(server) {}

  awaitable<result<std::size_t>> read_some(std::span<char> buffer, steady_time) override {
    if (server_.said.empty()) {
      const auto woken = co_await server_.more.wait(steady_time::max());
      if (!woken) co_return woken.error();
    }
    const auto size = server_.said.copy(buffer.data(), buffer.size());
    server_.said.erase(0, size);
    co_return size;
  }
  awaitable<result<void>> write(std::span<const std::string_view> pieces, steady_time) override {
    for (const auto piece : pieces) server_.taken += piece;
    ++server_.writes;
    co_return result<void>();
  }
  void cancel() noexcept override { server_.more.release(asio::error::operation_aborted); }
  void close(bool) noexcept override { server_.more.release(asio::error::operation_aborted); }
  void watch_peer(std::function<void()>) override {}
  [[nodiscard]] bool is_quiet() noexcept override { return true; }
  [[nodiscard]] std::string_view peer_address() const noexcept override { return "192.0.2.1"; }

 private:
  scripted_server& server_;
};

struct deaf final : answer_sink {
  void on_answer(reply&&) noexcept override {}
  void on_broken(error_code) noexcept override {}
};

struct redis_connection : ::testing::Test {
  runtime::worker home_{0, runtime::system_clock()};
  scripted_server server_{home_};
  deaf nobody_;
  std::shared_ptr<connection> made_ = std::make_shared<connection>(home_, std::make_unique<scripted_stream>(server_));

  static awaitable<void> turn(runtime::worker& home) { co_await runtime::next_turn(home); }

  void SetUp() override {
    made_->start();
    testing::run_coroutine(home_, turn(home_));
  }
  void TearDown() override {
    made_->break_off(asio::error::operation_aborted);
    testing::run_coroutine(home_, turn(home_));
  }
  void send(std::string_view text) {
    made_->send(nobody_, [text](std::string& out) { out += text; });
  }
  void say_after(std::chrono::milliseconds delay, std::string_view text) {
    home_.spawn([this, delay, text] { return say_later(*this, delay, text); });
  }
  static awaitable<void> say_later(redis_connection& test, std::chrono::milliseconds delay, std::string_view text) {
    (void)co_await test.home_.sleep_until(testing::in(delay));
    test.server_.say(text);
  }
  result<reply> ask(std::chrono::milliseconds longest_silence, std::chrono::milliseconds deadline) {
    return testing::run_coroutine(
        home_, made_->ask([](std::string& out) { out += "ours"; }, longest_silence, testing::in(deadline)));
  }
};

TEST_F(redis_connection, has_given_to_the_kernel_by_the_next_turn_what_was_sent_in_this_one_and_in_one_write) {
  const auto send_and_turn = [](redis_connection& test) -> awaitable<void> {
    test.send("one,");
    test.send("two");
    EXPECT_EQ(test.server_.taken, "");
    co_await runtime::next_turn(test.home_);
    EXPECT_EQ(test.server_.taken, "one,two");
    EXPECT_EQ(test.server_.writes, 1);
  };
  testing::run_coroutine(home_, send_and_turn(*this));
}

/// A command that says how often it was asked for its bytes.
struct growing final : late_command {
  explicit growing(std::string begun) : words(std::move(begun)) {}
  void append_to(std::string& out) noexcept override {
    out += words;
    ++asked;
  }
  void on_answer(reply&&) noexcept override {}
  void on_broken(error_code) noexcept override { broken = true; }
  std::string words;
  int asked = 0;
  bool broken = false;
};

TEST_F(redis_connection, takes_what_a_late_command_has_become_where_it_was_sent) {
  const auto send_and_turn = [](redis_connection& test) -> awaitable<void> {
    growing late("late"), other("other");
    test.send("one,");
    test.made_->send_late(late);
    test.send("two,");
    late.words += " indeed,";
    test.made_->put_late();
    late.words += " too late";
    test.made_->send_late(other);
    other.words += ",";
    test.send("three");
    co_await runtime::next_turn(test.home_);
    EXPECT_EQ(test.server_.taken, "one,late indeed,two,other,three");
    EXPECT_EQ(test.server_.writes, 1);
    EXPECT_EQ(late.asked + other.asked, 2);
    test.made_->break_off(asio::error::operation_aborted);
    EXPECT_TRUE(late.broken && other.broken);
  };
  testing::run_coroutine(home_, send_and_turn(*this));
}

TEST_F(redis_connection, asks_a_late_command_for_nothing_once_it_is_broken) {
  growing late("late");
  made_->send_late(late);
  made_->break_off(asio::error::operation_aborted);
  testing::run_coroutine(home_, turn(home_));
  EXPECT_TRUE(late.broken);
  EXPECT_EQ(late.asked, 0);
}

TEST_F(redis_connection, waits_its_turn_at_a_server_that_answers_others) {
  send("others,");
  say_after(300ms, "+OK\r\n");
  say_after(600ms, "+OK\r\n");
  const auto answer = ask(500ms, 10s);
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_TRUE(made_->open());
}

TEST_F(redis_connection, breaks_when_the_server_is_silent_though_the_deadline_is_far) {
  send("others,");
  const auto answer = ask(50ms, 1h);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), asio::error::timed_out);
  EXPECT_FALSE(made_->open());
}

TEST_F(redis_connection, breaks_at_the_deadline_though_the_server_answers_others) {
  for (int i = 1; i <= 20; ++i) {
    send("others,");
    say_after(i * 10ms, "+OK\r\n");
  }
  EXPECT_FALSE(ask(1h, 50ms));
  EXPECT_FALSE(made_->open());
}

}  // namespace
}  // namespace spidergate::kv::redis
