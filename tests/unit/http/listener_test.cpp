#include "running_listener.hpp"

#include <spidergate/runtime/wait_point.hpp>

#include <filesystem>
#include <sys/resource.h>
#include <unistd.h>

using namespace spidergate;
using spidergate::testing::running_listener;
using spidergate::testing::scripted_handler;
using spidergate::testing::tcp_client;

namespace {

const std::string get = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";

TEST(listener, serves_over_tcp) {
  running_listener server;
  tcp_client client(server.port());
  client.send(get);
  EXPECT_TRUE(client.read_until("GET /x .").starts_with("HTTP/1.1 200 OK\r\nDate: "));
  client.send("POST /y HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'y'));
  EXPECT_GT(client.read_until("y.").size(), 100'000U);
  EXPECT_EQ(server.counters.open, 1);
  EXPECT_EQ(server.counters.accepted, 1U);
  EXPECT_EQ(server.on_worker([&] { return server.listener->open_connections(); }), 1U);
}

TEST(listener, the_handler_sees_the_peer) {
  running_listener server;
  server.handler.script = [](http::exchange& x) {
    EXPECT_FALSE(x.on_admin_listener());
    return scripted_handler::say(x, 200, std::string(x.peer_address()) + ".");
  };
  tcp_client client(server.port());
  client.send(get);
  EXPECT_NE(client.read_until("1.").find("127.0.0.1."), std::string::npos);
}

TEST(listener, a_refusal_can_be_read_although_much_was_still_being_sent) {
  running_listener server;
  tcp_client client(server.port());
  client.send("\x16\x03\x01" + std::string(300'000, 'x'));
  const auto answer = client.read_all();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << client.failure.message();
  EXPECT_TRUE(answer.ends_with("refused 400"));
  EXPECT_EQ(client.failure, asio::error::eof);
  EXPECT_EQ(server.counters.refused_heads, 1U);
}

TEST(listener, one_connection_too_many_is_told_so) {
  http::limits bounds;
  bounds.max_connections = 1;
  running_listener server(bounds);
  {
    tcp_client first(server.port());
    first.send(get);
    first.read_until("GET /x .");
    tcp_client second(server.port());
    second.send(get);
    EXPECT_TRUE(second.read_all().starts_with("HTTP/1.1 503 Service Unavailable\r\n"));
    EXPECT_EQ(server.counters.refused_over_limit, 1U);
    EXPECT_EQ(server.counters.open, 1);
  }
  while (server.counters.open > 0) server.on_worker([] {});
  tcp_client third(server.port());
  third.send(get);
  EXPECT_TRUE(third.read_until("GET /x .").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST(listener, draining_closes_the_idle_and_accepts_nobody) {
  running_listener server;
  const auto port = server.port();
  tcp_client client(port);
  client.send(get);
  client.read_until("GET /x .");
  server.on_worker([&] { server.listener->drain(); });
  EXPECT_EQ(client.read_all(), "");
  EXPECT_EQ(client.failure, asio::error::eof);
  EXPECT_THROW(tcp_client{port}, boost::system::system_error);
}

TEST(listener, a_client_that_leaves_while_it_waits_is_noticed) {
  running_listener server;
  std::promise<void> left;
  server.handler.script = [&](http::exchange& x) -> awaitable<void> {
    runtime::wait_point gone(server.worker);
    x.watch_client([&gone] { gone.release(); });
    static_cast<void>(co_await gone.wait(steady_time::max()));
    left.set_value();
  };
  {
    tcp_client client(server.port());
    client.send(get);
    while (server.counters.open == 0) server.on_worker([] {});
  }
  EXPECT_EQ(left.get_future().wait_for(std::chrono::seconds(5)), std::future_status::ready);
}

TEST(listener, close_all_ends_a_waiting_request) {
  running_listener server;
  std::promise<void> entered;
  server.handler.script = [&](http::exchange& x) -> awaitable<void> {
    runtime::wait_point gone(server.worker);
    x.watch_client([&gone] { gone.release(); });
    entered.set_value();
    static_cast<void>(co_await gone.wait(steady_time::max()));
  };
  tcp_client client(server.port());
  client.send(get);
  entered.get_future().wait();
  server.on_worker([&] { server.listener->close_all(); });
  EXPECT_EQ(client.read_all(), "");
  while (server.counters.open > 0) server.on_worker([] {});
}

TEST(listener, accepting_goes_on_after_descriptors_ran_out) {
#if defined(__has_feature)
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "the sanitizer itself opens descriptors when it looks at an object's type";
#endif
#endif
  running_listener server;
  const auto port = server.port();
  asio::io_context io;
  asio::ip::tcp::socket client(io);
  client.open(asio::ip::tcp::v4());
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const auto lowest_free = ::dup(0);
  ::close(lowest_free);
  const rlimit none{static_cast<rlim_t>(lowest_free), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  client.connect({asio::ip::address_v4::loopback(), port});
  while (server.counters.accept_failures == 0) server.on_worker([] {});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  asio::write(client, asio::buffer(get));
  char first[8];
  asio::read(client, asio::buffer(first));
  EXPECT_EQ(std::string_view(first, 8), "HTTP/1.1");
}

TEST(listener, a_taken_port_is_noticed_before_it_would_be_shared) {
  running_listener server;
  const auto port = server.port();
  EXPECT_EQ(http::check_port_is_free("127.0.0.1", port).error(), asio::error::address_in_use);
  EXPECT_TRUE(http::check_port_is_free("127.0.0.1", 0).has_value());
  EXPECT_FALSE(http::check_port_is_free("localhost", 0).has_value());
  running_listener other;
  other.on_worker([&] {  // but the workers of one process share it
    http::listener shared(other.worker, {"127.0.0.1", port, true, {}, nullptr}, other.handler, other.counters);
    EXPECT_TRUE(shared.open().has_value());
    http::listener foreign(other.worker, {"192.0.2.1", 0, true, {}, nullptr}, other.handler, other.counters);
    EXPECT_EQ(foreign.open().error(), boost::system::errc::address_not_available);
  });
}

}  // namespace
