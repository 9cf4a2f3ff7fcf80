#include <spidergate/runtime/tcp_connections.hpp>
#include <spidergate/runtime/tcp_stream.hpp>
#include <spidergate/runtime/turn.hpp>
#include <spidergate/runtime/worker.hpp>

#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <memory>
#include <run_coroutine.hpp>
#include <stdexcept>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <vector>

// What a worker promises of its loop: jobs, sockets and writes in their order.
namespace spidergate::runtime {
namespace {

using namespace std::chrono_literals;
using testing::in;
using testing::run_coroutine;
using testing::run_until;
using testing::settle;

class event_loop_test : public ::testing::Test {
 protected:
  struct pair {
    tcp_socket here;
    tcp_socket there;
    asio::ip::tcp::endpoint here_peer;
  };

  pair connect() {
    acceptor_.listen({asio::ip::address_v4::loopback(), 0}, 8).value();
    const auto at = acceptor_.local_endpoint().value();
    tcp_connecting connecting(home_, at);
    auto here = run_coroutine(home_, connecting.finish(in(5s))).value();
    return {std::move(here), run_coroutine(home_, acceptor_.accept()).value().socket, at};
  }

  worker home_{0, system_clock()};
  tcp_acceptor acceptor_{home_};
};

TEST_F(event_loop_test, jobs_run_in_the_order_in_which_they_were_posted) {
  std::string order;
  home_.post([&] {
    order += 'a';
    home_.post([&] { order += 'c'; });
    home_.post([&] { order += 'd'; });
  });
  home_.post([&] { order += 'b'; });
  settle(home_);
  EXPECT_EQ(order, "abcd");
}

TEST_F(event_loop_test, a_turn_without_work_ends_with_its_patience) {
  EXPECT_EQ(home_.turn(0ms), 0U);
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(home_.turn(5ms), 0U);
  EXPECT_GE(std::chrono::steady_clock::now() - before, 4ms);
}

TEST_F(event_loop_test, jobs_behind_one_that_throws_still_run) {
  bool ran = false;
  home_.post([&] {
    home_.post([] { throw std::logic_error("broken"); });
    home_.post([&] { ran = true; });
  });
  EXPECT_THROW(settle(home_), std::logic_error);
  EXPECT_FALSE(ran);
  settle(home_);
  EXPECT_TRUE(ran);
}

TEST_F(event_loop_test, no_job_of_another_thread_is_lost) {
  constexpr int threads = 4, each = 2000;
  std::array<int, threads> last{};
  int ran = 0;
  std::vector<std::jthread> posters;
  for (std::size_t t = 0; t < threads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 1; i <= each; ++i) {
        home_.post([&, t, i] {
          EXPECT_EQ(last[t], i - 1) << "out of order";
          last[t] = i;
          ++ran;
        });
      }
    });
  }
  run_until(home_, [&] { return ran == threads * each; });
}

TEST_F(event_loop_test, jobs_that_never_end_leave_sockets_and_deadlines_their_turn) {
  auto [here, there, peer] = connect();
  const auto stream = make_tcp_stream(home_, std::move(here), peer);
  bool done = false;
  std::function<void()> again = [&] {
    if (!done) home_.post(again);
  };
  home_.post(again);
  EXPECT_TRUE(run_coroutine(home_, home_.sleep_until(in(10ms))));
  ASSERT_EQ(::send(there.native_handle(), "x", 1, 0), 1);
  char byte = 0;
  EXPECT_EQ(run_coroutine(home_, stream->read_some({&byte, 1}, in(5s))).value(), 1U);
  done = true;
  settle(home_);
}

TEST_F(event_loop_test, next_turn_lets_the_writes_out_first) {
  auto [here, there, peer] = connect();
  const auto stream = make_tcp_stream(home_, std::move(here), peer);
  const auto write = [](byte_stream& to) -> awaitable<void> {
    const std::string_view piece = "x";
    (void)co_await to.write({&piece, 1}, steady_time::max());
  };
  const auto look = [](worker& home, int fd) -> awaitable<ssize_t> {
    co_await next_turn(home);
    char byte = 0;
    co_return ::recv(fd, &byte, 1, MSG_DONTWAIT);
  };
  home_.spawn([&] { return write(*stream); });
  EXPECT_EQ(run_coroutine(home_, look(home_, there.native_handle())), 1);
}

TEST_F(event_loop_test, what_waits_to_run_is_destroyed_with_its_worker_and_may_post) {
  const auto witness = std::make_shared<int>();
  struct posts_when_destroyed {
    posts_when_destroyed(worker& on, std::shared_ptr<int> kept) : home(on), held(std::move(kept)) {}
    ~posts_when_destroyed() {
      home.post([held = held] { ADD_FAILURE(); });
    }
    worker& home;
    std::shared_ptr<int> held;
  };
  {
    worker doomed(1, system_clock());
    doomed.post([last = std::make_shared<posts_when_destroyed>(doomed, witness)] { ADD_FAILURE(); });
    EXPECT_GT(witness.use_count(), 1);
  }
  EXPECT_EQ(witness.use_count(), 1);
}

TEST_F(event_loop_test, closing_an_acceptor_ends_the_wait_for_a_client) {
  acceptor_.listen({asio::ip::address_v4::loopback(), 0}, 8).value();
  error_code outcome;
  const auto accept = [](tcp_acceptor& at, error_code& ended) -> awaitable<void> {
    ended = (co_await at.accept()).error();
  };
  home_.spawn([&] { return accept(acceptor_, outcome); });
  settle(home_);
  EXPECT_FALSE(outcome);
  acceptor_.close();
  settle(home_);
  EXPECT_EQ(outcome, asio::error::operation_aborted);
  EXPECT_FALSE(acceptor_.is_open());
  EXPECT_EQ(run_coroutine(home_, acceptor_.accept()).error(), asio::error::operation_aborted);
}

TEST_F(event_loop_test, many_clients_at_once_are_all_accepted) {
  acceptor_.listen({asio::ip::address_v4::loopback(), 0}, 64).value();
  std::vector<std::unique_ptr<tcp_connecting>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<tcp_connecting>(home_, acceptor_.local_endpoint().value()));
  }
  for (int i = 0; i < 40; ++i) EXPECT_TRUE(run_coroutine(home_, acceptor_.accept()).has_value());
  for (auto& client : clients) EXPECT_TRUE(run_coroutine(home_, client->finish(in(5s))).has_value());
}

TEST_F(event_loop_test, connecting_to_a_closed_port_is_refused) {
  acceptor_.listen({asio::ip::address_v4::loopback(), 0}, 8).value();
  const auto at = acceptor_.local_endpoint().value();
  acceptor_.close();
  tcp_connecting connecting(home_, at);
  EXPECT_EQ(run_coroutine(home_, connecting.finish(in(5s))).error(), asio::error::connection_refused);
}

TEST_F(event_loop_test, a_port_in_use_by_others_cannot_be_listened_on) {
  const tcp_socket other(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
  asio::ip::tcp::endpoint at(asio::ip::address_v4::loopback(), 0);
  ASSERT_EQ(::bind(other.native_handle(), at.data(), static_cast<socklen_t>(at.size())), 0);
  ASSERT_EQ(::listen(other.native_handle(), 1), 0);
  auto size = static_cast<socklen_t>(at.capacity());
  ASSERT_EQ(::getsockname(other.native_handle(), at.data(), &size), 0);
  EXPECT_EQ(acceptor_.listen(at, 1).error(), asio::error::address_in_use);
  EXPECT_FALSE(acceptor_.is_open());
}

}  // namespace
}  // namespace spidergate::runtime
