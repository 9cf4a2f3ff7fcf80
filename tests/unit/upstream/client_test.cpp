#include "client_fixture.hpp"

#include <algorithm>

namespace spidergate::upstream {
namespace {

using namespace std::chrono_literals;
using testing::answer_always;
using testing::answer_once;
using testing::peer;
using testing::scripted_server;
using testing::sized;
using testing::stay_silent;

class client_test : public client_fixture {};

scripted_server::script record_and_answer(std::string& request, std::string response) {
  struct body {
    static awaitable<void> run(peer& client, std::string& into, std::string text) {
      into = co_await client.read_request();
      co_await client.send(std::move(text));
    }
  };
  return [&request, response](peer& client) { return body::run(client, request, response); };
}

/// Answers the first request; the next one finds the connection closed although it looked alive when it was taken.
scripted_server::script answer_then_close_on_next() {
  struct body {
    static awaitable<void> run(peer& client) {
      co_await client.read_request();
      co_await client.send(sized("first"));
      co_await client.read_request();
      client.close();
    }
  };
  return [](peer& client) { return body::run(client); };
}

TEST_F(client_test, sends_the_request_as_it_was_given) {
  std::string seen;
  const scripted_server server(worker_, {record_and_answer(seen, sized("ok"))});
  const auto out = fetch(server);
  EXPECT_FALSE(out.failure) << out.failure.message();
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.body, "ok");
  EXPECT_EQ(seen, "POST /v1/x HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(server.port()) +
                      "\r\nX-Test: 1\r\nContent-Length: 2\r\n\r\n{}");
}

TEST_F(client_test, gives_the_fields_of_the_head) {
  const scripted_server server(worker_, {answer_once("HTTP/1.1 429 Too Many\r\nRetry-After:  7 \r\nX-Empty:\r\n"
                                                     "content-length: 0\r\n\r\n")});
  const auto out = fetch(server);
  EXPECT_EQ(out.status, 429);
  const std::vector<std::pair<std::string, std::string>> wanted{
      {"Retry-After", "7"}, {"X-Empty", ""}, {"content-length", "0"}};
  EXPECT_EQ(out.fields, wanted);
}

TEST_F(client_test, reuses_a_connection_and_takes_the_freshest) {
  const scripted_server server(worker_, {answer_always(sized("ok"))});
  EXPECT_FALSE(fetch(server).reused);
  EXPECT_EQ(client().idle_connections(), 1U);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(fetch(server).reused);
  EXPECT_EQ(server.connections(), 1);
  EXPECT_EQ(client().open_connections(), 1U);
}

TEST_F(client_test, does_not_reuse_what_the_provider_closes) {
  const scripted_server server(worker_,
                               {answer_always("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")});
  EXPECT_EQ(fetch(server).body, "ok");
  EXPECT_EQ(client().open_connections(), 0U);
  EXPECT_FALSE(fetch(server).reused);
}

TEST_F(client_test, keeps_http10_connections_only_when_told) {
  const scripted_server server(worker_, {answer_always("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
                                         answer_always("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n"
                                                       "Content-Length: 2\r\n\r\nok")});
  EXPECT_EQ(fetch(server).body, "ok");
  EXPECT_EQ(client().idle_connections(), 0U);
  EXPECT_EQ(fetch(server).body, "ok");
  EXPECT_EQ(client().idle_connections(), 1U);
}

TEST_F(client_test, drops_idle_connections_that_the_provider_closes) {
  const scripted_server server(worker_, {answer_once(sized("ok"))});
  EXPECT_EQ(fetch(server).body, "ok");
  testing::run_until(worker_, [&] { return client().open_connections() == 0; });
  EXPECT_EQ(fetch(server).body, "ok");
}

TEST_F(client_test, drops_idle_connections_after_their_time) {
  options_.idle_timeout = 20ms;
  const scripted_server server(worker_, {answer_always(sized("ok"))});
  fetch(server);
  EXPECT_EQ(client().idle_connections(), 1U);
  testing::run_until(worker_, [&] { return client().open_connections() == 0; });
}

TEST_F(client_test, does_not_reuse_a_connection_that_said_too_much) {
  const scripted_server server(worker_, {answer_always(sized("ok") + "HTTP/1.1 200 OK\r\n\r\n")});
  EXPECT_EQ(fetch(server).body, "ok");
  EXPECT_EQ(client().open_connections(), 0U);
}

TEST_F(client_test, asks_once_more_when_a_reused_connection_was_stale) {
  const scripted_server server(worker_, {answer_then_close_on_next(), answer_always(sized("second"))});
  EXPECT_EQ(fetch(server).body, "first");
  const auto out = fetch(server);
  EXPECT_FALSE(out.failure) << out.failure.message();
  EXPECT_EQ(out.body, "second");
  EXPECT_FALSE(out.reused);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(client_test, does_not_ask_again_when_a_fresh_connection_fails) {
  const scripted_server server(worker_, {[](peer& client) -> awaitable<void> {
                                 co_await client.read_request();
                                 client.close();
                               }});
  EXPECT_EQ(fetch(server).failure, errc::closed_early);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(client_test, does_not_ask_again_after_a_byte_of_the_answer) {
  const scripted_server server(worker_, {[](peer& client) -> awaitable<void> {
                                 co_await client.read_request();
                                 co_await client.send(sized("first"));
                                 co_await client.read_request();
                                 co_await client.send("HTTP/1.1 2");
                               }});
  EXPECT_EQ(fetch(server).body, "first");
  EXPECT_EQ(fetch(server).failure, errc::closed_early);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(client_test, skips_interim_answers) {
  const scripted_server server(
      worker_, {answer_once("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\n" + sized("final"))});
  const auto out = fetch(server);
  EXPECT_EQ(out.status, 200);
  EXPECT_EQ(out.body, "final");
}

TEST_F(client_test, head_and_204_and_304_have_no_body) {
  for (const auto* status : {"200 OK", "204 No Content", "304 Not Modified"}) {
    const scripted_server server(worker_,
                                 {answer_always(std::string("HTTP/1.1 ") + status + "\r\nContent-Length: 5\r\n\r\n")});
    const auto out = fetch(at(server), {.method = "HEAD", .body = ""});
    EXPECT_FALSE(out.failure) << out.failure.message();
    EXPECT_EQ(out.body, "");
    EXPECT_TRUE(fetch(at(server), {.method = "HEAD", .body = ""}).reused);
  }
}

TEST_F(client_test, a_body_without_length_ends_with_the_connection) {
  const scripted_server server(worker_, {answer_once("HTTP/1.1 200 OK\r\n\r\nall of it")});
  const auto out = fetch(server);
  EXPECT_FALSE(out.failure) << out.failure.message();
  EXPECT_EQ(out.body, "all of it");
  EXPECT_EQ(client().open_connections(), 0U);
}

TEST_F(client_test, carries_large_bodies_both_ways) {
  struct body {
    static awaitable<void> echo(peer& client) {
      const auto request = co_await client.read_request();
      co_await client.send(sized(request.substr(request.find("\r\n\r\n") + 4)));
    }
  };
  const scripted_server server(worker_, {[](peer& client) { return body::echo(client); }});
  std::string big(3'000'000, 'x');
  for (std::size_t i = 0; i < big.size(); i += 1000) big[i] = static_cast<char>('a' + i / 1000 % 26);
  const auto out = fetch(at(server), {.body = big});
  EXPECT_FALSE(out.failure) << out.failure.message();
  EXPECT_TRUE(out.body == big);
}

TEST_F(client_test, takes_an_early_refusal_while_the_request_is_still_being_sent) {
  const scripted_server server(worker_, {[](peer& client) -> awaitable<void> {
                                 co_await client.send(
                                     "HTTP/1.1 413 Too Large\r\nConnection: close\r\n"
                                     "Content-Length: 3\r\n\r\nbig");
                                 co_await client.wait_for_close();
                               }});
  const auto out = fetch(at(server), {.body = std::string(8'000'000, 'x')});
  EXPECT_EQ(out.status, 413);
  EXPECT_EQ(out.body, "big");
}

TEST_F(client_test, reports_an_answer_cut_short) {
  const scripted_server server(worker_,
                               {answer_once("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
                                answer_once("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")});
  for (int i = 0; i < 2; ++i) {
    const auto out = fetch(server);
    EXPECT_EQ(out.body, "half");
    EXPECT_EQ(out.failure, errc::closed_early);
  }
  EXPECT_EQ(client().open_connections(), 0U);
}

TEST_F(client_test, refuses_garbage_and_ambiguous_framing) {
  const std::string ok = "HTTP/1.1 200 OK\r\n";
  for (const auto& text :
       {std::string("garbage\r\n\r\n"), std::string("HTTP/2.0 200 OK\r\n\r\n"), std::string("HTTP/1.1 99 OK\r\n\r\n"),
        ok + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n",
        ok + "Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        ok + "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n", ok + "Content-Length: 2, 2\r\n\r\nok",
        ok + "Content-Length: -1\r\n\r\n", ok + "Content-Length: 1x\r\n\r\n",
        ok + "Content-Length: 99999999999999999999\r\n\r\n", ok + "Transfer-Encoding: gzip\r\n\r\n",
        ok + "Transfer-Encoding: gzip, chunked\r\n\r\n",
        ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", ok + "Bad Name: x\r\n\r\n",
        ok + "X-Folded: a\r\n b\r\n\r\n", std::string("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        std::string("HTTP/1.1 101 Switching\r\n\r\n"), ok + "X: " + std::string(100'000, 'y') + "\r\n\r\n"}) {
    const scripted_server server(worker_, {answer_once(text)});
    EXPECT_EQ(fetch(server).failure, errc::bad_response) << text.substr(0, 80);
  }
  EXPECT_EQ(client().open_connections(), 0U);
}

TEST_F(client_test, takes_long_heads) {
  const std::string value(30'000, 'v');
  const scripted_server server(
      worker_, {answer_always("HTTP/1.1 200 OK\r\nX-Long: " + value + "\r\nContent-Length: 4\r\n\r\nbody")});
  for (int i = 0; i < 2; ++i) {
    const auto out = fetch(server);
    ASSERT_EQ(out.fields.size(), 2U);
    EXPECT_EQ(out.fields.front().second, value);
    EXPECT_EQ(out.body, "body");
  }
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(client_test, reads_heads_and_chunks_cut_at_every_byte) {
  const std::string whole =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n1\r\n \r\nA\r\nwide world\r\n0\r\nT: "
      "1\r\n\r\n";
  struct body {
    static awaitable<void> drip(peer& client, std::string text) {
      co_await client.read_request();
      for (const char c : text) co_await client.send(std::string(1, c));
    }
    static awaitable<void> cut(peer& client, std::string text, std::size_t at, runtime::worker& home) {
      while (!(co_await client.read_request()).empty()) {
        co_await client.send(text.substr(0, at));
        // Let the client take the first part.
        for (int i = 0; i < 3; ++i) co_await home.sleep_until(steady_time{});
        co_await client.send(text.substr(at));
      }
    }
  };
  const scripted_server dripping(worker_, {[&](peer& client) { return body::drip(client, whole); }});
  EXPECT_EQ(fetch(dripping).body, "hello wide world");
  const scripted_server at_once(worker_, {answer_always(whole)});
  EXPECT_EQ(fetch(at_once).body, "hello wide world");
  EXPECT_TRUE(fetch(at_once).reused);
}

TEST_F(client_test, refuses_broken_chunks) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto* chunks :
       {"x\r\n", "\r\n", "5\nhello", "5\r\nhelloX\r\n", "5\r\nhello\n", "-1\r\n", "FFFFFFFFFFFFFFFFF\r\n", "0\r\n\n"}) {
    const scripted_server server(worker_, {answer_once(head + chunks)});
    EXPECT_EQ(fetch(server).failure, errc::bad_response) << chunks;
  }
}

TEST_F(client_test, abandoning_a_call_closes_its_connection) {
  const scripted_server server(worker_, {answer_always("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")});
  struct body {
    static awaitable<void> look(upstream::client& with, origin where) {
      const request sent{"GET", "/", "", {}};
      client::canceller stop;
      const auto call = co_await with.start(where, sent, {}, stop);
      EXPECT_EQ(with.open_connections(), 1U);
    }
  };
  testing::run_coroutine(worker_, body::look(client(), at(server)));
  EXPECT_EQ(client().open_connections(), 0U);
}

TEST_F(client_test, drain_closes_idle_connections_and_those_that_come_back) {
  const scripted_server server(worker_, {answer_always(sized("ok"))});
  fetch(server);
  client().drain();
  EXPECT_EQ(client().open_connections(), 0U);
  EXPECT_EQ(fetch(server).body, "ok");
  EXPECT_EQ(client().open_connections(), 0U);
}

TEST_F(client_test, further_calls_wait_in_line_for_a_connection) {
  options_.max_connections_per_origin = 1;
  const scripted_server server(worker_, {answer_always(sized("ok"))});
  outcome first;
  outcome second;
  outcome third;
  for (auto* out : {&first, &second, &third}) begin(at(server), {}, *out);
  finish(third);
  EXPECT_TRUE(first.finished && second.finished);
  EXPECT_EQ(third.body, "ok");
  EXPECT_TRUE(second.reused && third.reused);
  EXPECT_EQ(server.connections(), 1);
}

TEST_F(client_test, waiting_in_line_ends_with_the_connect_clock) {
  options_.max_connections_per_origin = 1;
  const scripted_server server(worker_, {stay_silent()});
  outcome first;
  client::canceller stop;
  begin(at(server), {.stop = &stop}, first);
  settle();
  EXPECT_EQ(fetch(at(server), {.limits = {.connect = 20ms}}).failure, errc::too_many_connections);
  outcome waiting;
  client::canceller stop_waiting;
  begin(at(server), {.stop = &stop_waiting}, waiting);
  settle();
  stop_waiting.cancel();
  finish(waiting);
  EXPECT_EQ(waiting.failure, errc::cancelled);
  stop.cancel();
  finish(first);
  EXPECT_EQ(first.failure, errc::cancelled);
  EXPECT_EQ(client().open_connections(), 0U);
}

TEST_F(client_test, the_head_clock_fires) {
  const scripted_server server(worker_, {stay_silent()});
  EXPECT_EQ(fetch(at(server), {.limits = {.head = 20ms}}).failure, errc::head_timeout);
  EXPECT_EQ(fetch(at(server), {.limits = {.total = testing::in(20ms)}}).failure, errc::head_timeout);
}

TEST_F(client_test, the_write_clock_fires) {
  struct body {
    static awaitable<void> ignore(runtime::worker& home) { co_await home.sleep_until(testing::in(10s)); }
  };
  const scripted_server server(worker_, {[this](peer&) { return body::ignore(worker_); }});
  EXPECT_EQ(fetch(at(server), {.body = std::string(20'000'000, 'x'), .limits = {.head = 20ms}}).failure,
            errc::write_timeout);
}

TEST_F(client_test, the_read_deadline_fires) {
  const scripted_server server(worker_, {[](peer& client) -> awaitable<void> {
                                 co_await client.read_request();
                                 co_await client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
                                 co_await client.wait_for_close();
                               }});
  const auto out = fetch(at(server), {.idle = 20ms});
  EXPECT_EQ(out.body, "half");
  EXPECT_EQ(out.failure, errc::read_timeout);
  EXPECT_EQ(client().open_connections(), 0U);
}

TEST_F(client_test, cancel_interrupts_the_wait_for_the_head) {
  const scripted_server server(worker_, {stay_silent()});
  outcome out;
  client::canceller stop;
  begin(at(server), {.stop = &stop}, out);
  testing::run_until(worker_, [&] { return server.connections() == 1; });
  settle();
  stop.cancel();
  finish(out);
  EXPECT_EQ(out.failure, errc::cancelled);
  EXPECT_EQ(fetch(at(server), {.stop = &stop}).failure, errc::cancelled);
}

TEST_F(client_test, cancel_interrupts_a_body) {
  const scripted_server server(worker_, {[](peer& client) -> awaitable<void> {
                                 co_await client.read_request();
                                 co_await client.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
                                 co_await client.wait_for_close();
                               }});
  struct body {
    static awaitable<void> read(upstream::client& with, origin where, call*& running, error_code& failure) {
      const request sent{"GET", "/", "", {}};
      client::canceller stop;
      const auto started = co_await with.start(where, sent, {}, stop);
      running = started->get();
      failure = (co_await running->read_some(steady_time::max())).error();
      EXPECT_EQ((co_await running->read_some(steady_time::max())).error(), errc::cancelled);
    }
  };
  call* running = nullptr;
  error_code failure;
  worker_.spawn([&] { return body::read(client(), at(server), running, failure); });
  testing::run_until(worker_, [&] { return running != nullptr; });
  settle();
  running->cancel();
  testing::run_until(worker_, [&] { return static_cast<bool>(failure); });
  EXPECT_EQ(failure, errc::cancelled);
  settle();
  EXPECT_EQ(client().open_connections(), 0U);
}

}  // namespace
}  // namespace spidergate::upstream
