#include "store_databases.hpp"

#include <spidergate/store/errc.hpp>
#include <spidergate/store/repositories.hpp>

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <functional>
#include <netinet/in.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

/// What a connection to PostgreSQL does while the server is in trouble.
namespace spidergate::store {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// Besides the server of the other tests, for this one is stopped, frozen and killed.
testing::postgresql_server& troubled_server() {
  static testing::postgresql_server server;
  return server;
}

class outage : public ::testing::Test {
 protected:
  static constexpr auto deadline = 400ms;
  /// libpq knows whole seconds, and no fewer than two.
  static constexpr auto connecting = 2'000ms;
  /// For a machine that is busy with other things.
  static constexpr auto margin = 1'500ms;

  void SetUp() override {
    ASSERT_TRUE(on->exec_script(
        "DROP SCHEMA IF EXISTS spidergate CASCADE; CREATE SCHEMA spidergate; CREATE TABLE t (n BIGINT)"));
  }
  void TearDown() override { server.thaw(); }

  [[nodiscard]] std::unique_ptr<sql::connection> open(const std::string& role = "postgres") const {
    auto opened = open_postgresql(
        {.url = secret_string("postgresql://" + role + "@127.0.0.1:" + std::to_string(server.port()) + "/postgres"),
         .connect_timeout = connecting,
         .statement_timeout = deadline});
    return std::move(*opened);
  }
  [[nodiscard]] std::int64_t count() const { return open()->exec("SELECT count(*) FROM t").value()[0].integer(0); }
  [[nodiscard]] static bool answers(sql::connection& one) { return one.exec("SELECT 1").has_value(); }
  [[nodiscard]] static bool answers_within(sql::connection& one, std::chrono::milliseconds time) {
    for (const auto give_up = steady_clock::now() + time; steady_clock::now() < give_up;
         std::this_thread::sleep_for(5ms)) {
      if (answers(one)) return true;
    }
    return false;
  }
  [[nodiscard]] static std::chrono::milliseconds time_of(const std::function<void()>& work) {
    const auto start = steady_clock::now();
    work();
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - start);
  }

  testing::postgresql_server& server = troubled_server();
  std::unique_ptr<sql::connection> on = open();
};

TEST_F(outage, a_frozen_server_costs_one_deadline_and_is_found_again_when_it_thaws) {
  server.freeze();
  EXPECT_LT(time_of([&] { EXPECT_EQ(on->exec("SELECT 1").error(), errc::unavailable); }), deadline + margin);
  EXPECT_NE(on->last_message(), "");
  for (int i = 0; i < 3; ++i) {
    EXPECT_LT(time_of([&] { EXPECT_EQ(on->exec("SELECT 1").error(), errc::unavailable); }), connecting + margin);
  }
  server.thaw();
  EXPECT_TRUE(answers_within(*on, 6s + margin));
}

TEST_F(outage, a_bulk_insert_into_a_frozen_server_ends_at_its_deadline) {
  const std::vector<std::string_view> columns = {"n"};
  const std::vector<sql::value_view> cells(2'000'000, std::int64_t{1'234'567'890'123});
  ASSERT_TRUE(answers(*on));
  server.freeze();
  EXPECT_LT(time_of([&] { EXPECT_EQ(on->bulk_insert("t", columns, cells).error(), errc::unavailable); }),
            deadline + 4 * margin);
  server.thaw();
  EXPECT_EQ(count(), 0);
}

TEST_F(outage, a_server_that_is_frozen_from_the_start_costs_the_time_to_connect) {
  server.freeze();
  const auto fresh = open();
  EXPECT_LT(time_of([&] { EXPECT_EQ(fresh->exec("SELECT 1").error(), errc::unavailable); }), connecting + margin);
  server.thaw();
  EXPECT_TRUE(answers_within(*fresh, 6s));
}

TEST_F(outage, a_transaction_that_is_cut_off_fails_as_a_whole) {
  {
    auto scope = sql::transaction::begin(*on);
    ASSERT_TRUE(on->exec("INSERT INTO t VALUES (1)"));
    server.freeze();
    EXPECT_EQ(on->exec("INSERT INTO t VALUES (2)").error(), errc::unavailable);
    server.thaw();
    std::this_thread::sleep_for(300ms);  // past the back-off: it could connect, and must not
    EXPECT_EQ(on->exec("INSERT INTO t VALUES (3)").error(), errc::unavailable);
    EXPECT_EQ(scope->commit().error(), errc::unavailable);
  }
  EXPECT_TRUE(answers_within(*on, 6s));
  EXPECT_EQ(count(), 0);
}

TEST_F(outage, a_killed_server_is_found_again_after_its_restart) {
  ASSERT_TRUE(on->exec("INSERT INTO t VALUES (1)"));
  server.stop(SIGQUIT);
  EXPECT_EQ(on->exec("SELECT 1").error(), errc::unavailable);
  EXPECT_NE(on->last_message().find("refused"), std::string_view::npos) << on->last_message();
  server.start();
  EXPECT_TRUE(answers_within(*on, 6s));
  EXPECT_EQ(count(), 1);
}

TEST_F(outage, a_restart_between_two_statements_is_not_noticed) {
  ASSERT_TRUE(answers(*on));
  const auto commits = on->foreign_commits().value();
  server.stop(SIGINT);
  server.start();
  EXPECT_TRUE(answers(*on)) << on->last_message();
  EXPECT_NE(on->foreign_commits().value(), commits);  // something may have been announced meanwhile
}

TEST_F(outage, a_restart_in_the_middle_of_a_transaction_ends_it) {
  {
    auto scope = sql::transaction::begin(*on);
    ASSERT_TRUE(on->exec("INSERT INTO t VALUES (1)"));
    server.stop(SIGQUIT);
    server.start();
    EXPECT_EQ(on->exec("INSERT INTO t VALUES (2)").error(), errc::unavailable);
    EXPECT_EQ(on->exec("INSERT INTO t VALUES (3)").error(), errc::unavailable);
    EXPECT_EQ(scope->commit().error(), errc::unavailable);
  }
  EXPECT_TRUE(answers_within(*on, 6s));
  EXPECT_EQ(count(), 0);
}

TEST_F(outage, a_slow_statement_is_given_up_and_its_connection_kept) {
  const auto who = [&] { return on->exec("SELECT pg_backend_pid()").value()[0].integer(0); };
  const auto before = who();
  EXPECT_LT(time_of([&] { EXPECT_EQ(on->exec("SELECT pg_sleep(10)").error(), errc::unavailable); }), deadline + margin);
  EXPECT_EQ(who(), before);
}

TEST_F(outage, a_connection_that_listens_to_a_frozen_server_is_closed_without_waiting_for_it) {
  ASSERT_TRUE(on->foreign_commits());
  server.freeze();
  const std::jthread rescue([this](const std::stop_token& closed) {
    const auto give_up = steady_clock::now() + deadline + 2 * margin;
    while (steady_clock::now() < give_up && !closed.stop_requested()) std::this_thread::sleep_for(5ms);
    server.thaw();  // else a connection that waits for its goodbye would wait for ever
  });
  EXPECT_LT(time_of([&] { on.reset(); }), margin);
}

TEST_F(outage, a_server_that_is_out_of_connections_is_unavailable_until_one_is_free) {
  ASSERT_TRUE(on->exec_script("DROP ROLE IF EXISTS few; CREATE ROLE few LOGIN CONNECTION LIMIT 1"));
  auto first = open("few");
  const auto second = open("few");
  ASSERT_TRUE(answers(*first));
  EXPECT_EQ(second->exec("SELECT 1").error(), errc::unavailable);
  EXPECT_NE(second->last_message().find("too many connections"), std::string_view::npos) << second->last_message();
  first.reset();
  EXPECT_TRUE(answers_within(*second, 6s));
}

/// A port that accepts and says goodbye, and counts.
class rude_server {
 public:
  rude_server() {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&at), size) != 0 || ::listen(listener_, 16) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size) != 0) {
      throw std::runtime_error("no port");
    }
    port_ = ntohs(at.sin_port);
    thread_ = std::jthread([this] {
      for (int one = 0; (one = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(one)) ++accepted_;
    });
  }
  ~rude_server() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  [[nodiscard]] std::string url() const { return "postgresql://u@127.0.0.1:" + std::to_string(port_) + "/d"; }
  [[nodiscard]] int accepted() const { return accepted_; }

 private:
  int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
  std::atomic<int> accepted_{0};
  std::jthread thread_;
};

TEST_F(outage, an_absent_server_is_not_asked_more_often_than_the_back_off_allows) {
  const rude_server rude;
  const auto one = testing::open_at(rude.url());
  int statements = 0;
  for (const auto end = steady_clock::now() + 1'600ms; steady_clock::now() < end; ++statements) {
    EXPECT_EQ(one->exec("SELECT 1").error(), errc::unavailable);
    std::this_thread::sleep_for(1ms);
  }
  EXPECT_GT(statements, 100);
  // At 0 ms, then after 50-100, 100-200, 200-400, 400-800 ms.
  EXPECT_GE(rude.accepted(), 3);
  EXPECT_LE(rude.accepted(), 6);
}

}  // namespace
}  // namespace spidergate::store
