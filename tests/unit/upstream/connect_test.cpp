#include "client_fixture.hpp"

#include <spidergate/runtime/tcp_connections.hpp>

#include <deque>
#include <future>

// What can go wrong before there is a connection, and how long that may take.
namespace spidergate::upstream {
namespace {

using namespace std::chrono_literals;
using testing::answer_always;
using testing::scripted_server;
using testing::sized;
using testing::stay_silent;

class connect_test : public client_fixture {};

/// A listening port whose queue is full: connecting to it neither succeeds nor fails.
class full_port {
 public:
  explicit full_port(runtime::worker& home) : listener_(home) {
    listener_.listen({asio::ip::address_v4::loopback(), 0}, 0).value();
    for (int i = 0; i < 8; ++i) fillers_.emplace_back(home, listener_.local_endpoint().value());
  }
  [[nodiscard]] origin where() const {
    return {
        .tls = false, .host = "127.0.0.1", .port = listener_.local_endpoint().value().port(), .allow_private = true};
  }

 private:
  runtime::tcp_acceptor listener_;
  std::deque<runtime::tcp_connecting> fillers_;
};

TEST_F(connect_test, a_closed_port_fails_at_once) {
  origin where;
  {
    const scripted_server server(worker_, {stay_silent()});
    where = at(server);
  }
  EXPECT_EQ(fetch(where, {}).failure, errc::connect_failed);
  EXPECT_EQ(client().open_connections(), 0U);
}

TEST_F(connect_test, the_connect_clock_fires) {
  const full_port port(worker_);
  EXPECT_EQ(fetch(port.where(), {.limits = {.connect = 30ms}}).failure, errc::connect_timeout);
  EXPECT_EQ(fetch(port.where(), {.limits = {.total = testing::in(30ms)}}).failure, errc::connect_timeout);
}

TEST_F(connect_test, cancel_interrupts_connecting) {
  const full_port port(worker_);
  outcome out;
  client::canceller stop;
  begin(port.where(), {.stop = &stop}, out);
  settle();
  stop.cancel();
  finish(out);
  EXPECT_EQ(out.failure, errc::cancelled);
}

TEST_F(connect_test, names_are_resolved_and_each_address_tried) {
  const scripted_server server(worker_, {answer_always(sized("ok"))});
  auto where = at(server);
  where.host = "localhost";  // may be ::1 first, where nobody listens
  const auto out = fetch(where, {});
  EXPECT_FALSE(out.failure) << out.failure.message();
  EXPECT_EQ(out.body, "ok");
}

TEST_F(connect_test, a_name_without_address_fails) {
  const origin nowhere{.tls = false, .host = "nowhere.invalid", .port = 80};
  EXPECT_EQ(fetch(nowhere, {}).failure, errc::resolve_failed);
}

TEST_F(connect_test, private_addresses_are_refused_unless_allowed) {
  const scripted_server server(worker_, {answer_always(sized("ok"))});
  for (const auto* host : {"127.0.0.1", "localhost", "::1", "::ffff:127.0.0.1", "0.0.0.0"}) {
    auto where = at(server);
    where.host = host;
    where.allow_private = false;
    EXPECT_EQ(fetch(where, {}).failure, errc::address_refused) << host;
  }
  EXPECT_EQ(server.connections(), 0);
}

TEST_F(connect_test, permission_for_private_addresses_is_part_of_the_pool_key) {
  const scripted_server server(worker_, {answer_always(sized("ok"))});
  EXPECT_EQ(fetch(server).body, "ok");
  ASSERT_EQ(client().idle_connections(), 1U);
  auto where = at(server);
  where.allow_private = false;
  EXPECT_EQ(fetch(where, {}).failure, errc::address_refused);
}

TEST_F(connect_test, cancel_and_the_clock_interrupt_a_slow_resolver) {
  std::promise<void> release;
  const auto blocked = release.get_future().share();
  ASSERT_TRUE(pool_.try_post([blocked] { blocked.wait(); }));
  const origin where{.tls = false, .host = "localhost", .port = 9, .allow_private = true};
  EXPECT_EQ(fetch(where, {.limits = {.connect = 20ms}}).failure, errc::connect_timeout);
  outcome out;
  client::canceller stop;
  begin(where, {.stop = &stop}, out);
  settle();
  stop.cancel();
  finish(out);
  EXPECT_EQ(out.failure, errc::cancelled);
  release.set_value();
}

TEST_F(connect_test, the_worker_may_end_in_the_middle_of_everything) {
  outcome head;
  outcome connecting;
  outcome in_line;
  {
    runtime::worker home(1, runtime::system_clock());
    client_options options;
    options.max_connections_per_origin = 1;
    const scripted_server silent(home, {stay_silent()});
    const full_port full(home);
    upstream::client doomed(home, pool_, tls_, options);
    home.spawn([&] { return exchange(doomed, at(silent), {}, head); });
    home.spawn([&] { return exchange(doomed, at(silent), {}, in_line); });
    home.spawn([&] { return exchange(doomed, full.where(), {}, connecting); });
    while (silent.connections() == 0) home.turn(1s);
    testing::settle(home);
  }
  EXPECT_FALSE(head.finished || in_line.finished || connecting.finished);
}

}  // namespace
}  // namespace spidergate::upstream
