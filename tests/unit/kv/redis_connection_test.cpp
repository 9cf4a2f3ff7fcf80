#include "redis/connection.hpp"
#include "run_coroutine.hpp"

#include <spidergate/runtime/turn.hpp>

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace spidergate::kv::redis {
namespace {

/// Takes everything at once and answers nothing.
class silent_stream final : public runtime::byte_stream {
 public:
  silent_stream(runtime::worker& home, std::string& taken, int& writes) : taken_(taken), writes_(writes), read_(home) {}

  awaitable<result<std::size_t>> read_some(std::span<char>, steady_time) override {
    (void)co_await read_.wait(steady_time::max());
    co_return error_code(asio::error::eof);
  }
  awaitable<result<void>> write(std::span<const std::string_view> pieces, steady_time) override {
    for (const auto piece : pieces) taken_ += piece;
    ++writes_;
    co_return result<void>();
  }
  void cancel() noexcept override { read_.release(asio::error::operation_aborted); }
  void close(bool) noexcept override { read_.release(asio::error::operation_aborted); }
  void watch_peer(std::function<void()>) override {}
  [[nodiscard]] bool is_quiet() noexcept override { return true; }
  [[nodiscard]] std::string_view peer_address() const noexcept override { return "192.0.2.1"; }

 private:
  std::string& taken_;
  int& writes_;
  runtime::wait_point read_;
};

struct deaf final : answer_sink {
  void on_answer(reply&&) noexcept override {}
  void on_broken(error_code) noexcept override {}
};

struct redis_connection : ::testing::Test {
  runtime::worker home_{0, runtime::system_clock()};
  std::string taken_;
  int writes_ = 0;
  deaf nobody_;
  std::shared_ptr<connection> made_ =
      std::make_shared<connection>(home_, std::make_unique<silent_stream>(home_, taken_, writes_));

  void SetUp() override {
    made_->start();
    testing::run_coroutine(home_, runtime::next_turn(home_));
  }
  void TearDown() override {
    made_->break_off(asio::error::operation_aborted);
    testing::run_coroutine(home_, runtime::next_turn(home_));
  }
  void send(std::string_view text) {
    made_->send(nobody_, [text](std::string& out) { out += text; });
  }
};

TEST_F(redis_connection, has_given_to_the_kernel_by_the_next_turn_what_was_sent_in_this_one_and_in_one_write) {
  const auto send_and_turn = [](redis_connection& test) -> awaitable<void> {
    test.send("one,");
    test.send("two");
    EXPECT_EQ(test.taken_, "");
    co_await runtime::next_turn(test.home_);
    EXPECT_EQ(test.taken_, "one,two");
    EXPECT_EQ(test.writes_, 1);
  };
  testing::run_coroutine(home_, send_and_turn(*this));
}

}  // namespace
}  // namespace spidergate::kv::redis
