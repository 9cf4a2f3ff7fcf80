#include "served_connection.hpp"

#include <spidergate/runtime/wait_point.hpp>

using namespace spidergate;
using spidergate::testing::scripted_handler;
using spidergate::testing::served_connection;
using namespace std::chrono_literals;

namespace {

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string head_request = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string old_get = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";

std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

awaitable<void> three_parts(http::exchange& x) {
  http::header_block headers;
  headers.add("Content-Type", "text/event-stream");
  EXPECT_FALSE(x.answer_begun());
  x.begin_stream(200, headers);
  EXPECT_FALSE(x.answer_begun());
  EXPECT_TRUE((co_await x.write("one")).has_value());
  EXPECT_TRUE(x.answer_begun());
  EXPECT_TRUE((co_await x.write("")).has_value());
  EXPECT_TRUE((co_await x.write("0123456789abcdef")).has_value());
  EXPECT_TRUE((co_await x.finish("three")).has_value());
}

TEST(answers, a_stream_is_chunked_with_one_write_per_call) {
  served_connection s;
  s.handler.script = three_parts;
  EXPECT_EQ(s.talk({get}, "0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n"
            "3\r\none\r\n10\r\n0123456789abcdef\r\n5\r\nthree\r\n0\r\n\r\n");
  EXPECT_EQ(s.calls->writes, 3);
  s.send(get);
  EXPECT_EQ(s.handler.handled, 2);
}

TEST(answers, a_stream_to_http_1_0_ends_with_the_connection) {
  served_connection s;
  s.handler.script = three_parts;
  EXPECT_EQ(s.talk({old_get}, "three"),
            "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/event-stream\r\n\r\none0123456789abcdefthree");
  s.close();
  s.wait_for_end();
}

TEST(answers, a_stream_to_head_is_its_head) {
  served_connection s;
  s.handler.script = three_parts;
  EXPECT_EQ(s.talk({head_request}, "\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Type: text/event-stream\r\n\r\n");
  s.send(get);
  EXPECT_EQ(s.handler.handled, 2);
}

TEST(answers, a_stream_that_only_finishes_is_one_write) {
  served_connection s;
  s.handler.script = [](http::exchange& x) -> awaitable<void> {
    x.begin_stream(200, {});
    static_cast<void>(co_await x.finish("all"));
  };
  EXPECT_EQ(body_of(s.talk({get}, "0\r\n\r\n")), "3\r\nall\r\n0\r\n\r\n");
  EXPECT_EQ(s.calls->writes, 1);
}

TEST(answers, an_empty_stream_is_only_the_last_chunk) {
  served_connection s;
  s.handler.script = [](http::exchange& x) -> awaitable<void> {
    x.begin_stream(200, {});
    static_cast<void>(co_await x.finish(""));
  };
  EXPECT_EQ(body_of(s.talk({get}, "0\r\n\r\n")), "0\r\n\r\n");
}

TEST(answers, an_aborted_stream_says_why_and_closes) {
  served_connection s;
  s.handler.script = [](http::exchange& x) -> awaitable<void> {
    x.begin_stream(200, {});
    static_cast<void>(co_await x.write("one"));
    static_cast<void>(co_await x.abort("bad"));
  };
  EXPECT_EQ(body_of(s.talk({get}, "0\r\n\r\n")), "3\r\none\r\n3\r\nbad\r\n0\r\n\r\n");
  s.wait_for_end();
}

TEST(answers, a_stream_that_is_broken_off_has_no_end) {
  served_connection s;
  s.handler.script = [](http::exchange& x) -> awaitable<void> {
    x.begin_stream(200, {});
    static_cast<void>(co_await x.write("one"));
    x.break_off();
  };
  EXPECT_EQ(body_of(s.talk({get}, "one\r\n")), "3\r\none\r\n");
  s.wait_for_end();
}

TEST(answers, head_states_the_length_and_sends_nothing_of_it) {
  served_connection s;
  EXPECT_EQ(s.talk({head_request}, "\r\n\r\n"), "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n");
}

TEST(answers, no_content_has_no_length) {
  served_connection s;
  s.handler.script = [](http::exchange& x) { return scripted_handler::say(x, 204, "nothing of this is sent"); };
  EXPECT_EQ(s.talk({get}, "\r\n\r\n"), "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST(answers, pieces_are_put_together_and_headers_cannot_be_injected) {
  served_connection s;
  s.handler.script = [](http::exchange& x) -> awaitable<void> {
    http::header_block headers;
    headers.add("X-Echo", "a\r\nSet-Cookie: b\r\n\r\n<html>");
    headers.add(std::string("Content-Length"), "0");
    const std::array<std::string_view, 4> body{"one", "", "two", "three"};
    static_cast<void>(co_await x.respond(502, headers, body));
  };
  EXPECT_EQ(s.talk({get}, "onetwothree"),
            "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 11\r\nX-Echo: a  Set-Cookie: b    <html>\r\n\r\nonetwothree");
  EXPECT_EQ(s.calls->writes, 1);
}

TEST(answers, a_large_answer_arrives_whole) {
  const std::string large(3'000'000, 'x');
  served_connection s;
  s.handler.script = [large](http::exchange& x) { return scripted_handler::say(x, 200, large + "end"); };
  EXPECT_EQ(body_of(s.talk({get}, "end")).size(), large.size() + 3);
  EXPECT_EQ(s.calls->writes, 3);  // one a MiB, the head with the first
}

TEST(answers, a_reader_that_stands_still_ends_the_write) {
  http::limits bounds;
  bounds.write_timeout = 20ms;
  served_connection s(bounds, 1024);
  error_code seen;
  s.handler.script = [&seen](http::exchange& x) -> awaitable<void> {
    const std::string large(100'000, 'x');
    const std::array<std::string_view, 1> body{large};
    seen = (co_await x.respond(200, {}, body)).error();
  };
  s.start(false);
  s.send(get);
  spidergate::testing::run_until(s.worker, [&] { return s.ended; });
  EXPECT_EQ(seen, http::errc::timed_out);
  EXPECT_EQ(s.counters.timeouts, 1U);
}

TEST(answers, a_handler_that_says_nothing_closes) {
  served_connection s;
  s.handler.script = [](http::exchange&) -> awaitable<void> { co_return; };
  s.start();
  s.send(get);
  s.wait_for_end();
  EXPECT_EQ(s.received, "");
}

TEST(answers, a_handler_that_throws_is_answered_500_and_reported) {
  served_connection s;
  s.handler.script = [](http::exchange&) -> awaitable<void> {
    throw std::runtime_error("bug");
    co_return;
  };
  s.start();
  s.send(get);
  EXPECT_TRUE(s.received.starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
  s.close();
  s.wait_for_end();
  EXPECT_TRUE(s.bug);
}

TEST(answers, a_second_answer_is_a_bug_that_does_not_reach_the_client) {
  served_connection s;
  s.handler.script = [](http::exchange& x) -> awaitable<void> {
    co_await scripted_handler::say(x, 200, "first");
    co_await scripted_handler::say(x, 200, "second");
  };
  EXPECT_EQ(body_of(s.talk({get}, "first")), "first");
  s.wait_for_end();
  EXPECT_TRUE(s.bug);
}

/// Waits in the handler until the test lets it go on.
struct gate {
  explicit gate(served_connection& s) : point(s.worker) {
    s.handler.script = [this](http::exchange& x) { return pass(*this, x); };
  }
  static awaitable<void> pass(gate& self, http::exchange& x) {
    self.entered = true;
    x.watch_client([&self] { ++self.gone; });
    static_cast<void>(co_await self.point.wait(steady_time::max()));
    co_await scripted_handler::say(x, 200, "passed");
  }
  runtime::wait_point point;
  int gone = 0;
  bool entered = false;
};

TEST(answers, the_handler_learns_once_that_its_client_has_gone) {
  served_connection s;
  gate g(s);
  s.start();
  s.send(get);
  EXPECT_TRUE(g.entered);
  EXPECT_EQ(g.gone, 0);
  s.close();
  s.settle();
  EXPECT_EQ(g.gone, 1);
  g.point.release();
  s.wait_for_end();
  EXPECT_EQ(g.gone, 1);
}

TEST(answers, a_client_that_leaves_after_the_answer_is_not_reported) {
  served_connection s;
  gate g(s);
  s.start();
  s.send(get);
  g.point.release();
  s.wait_for("passed");
  s.close();
  s.wait_for_end();
  EXPECT_EQ(g.gone, 0);
}

TEST(answers, draining_ends_idle_connections_now) {
  served_connection fresh;
  fresh.start();
  fresh.settle();
  fresh.site.draining = true;
  fresh.connection->drain();
  fresh.wait_for_end();
  served_connection used;
  used.talk({get}, "GET / .");
  used.site.draining = true;
  used.connection->drain();
  used.wait_for_end();
}

TEST(answers, draining_lets_busy_ones_finish_and_says_close) {
  served_connection s;
  gate g(s);
  s.start();
  s.send(get + get);
  s.site.draining = true;
  s.connection->drain();
  s.settle();
  EXPECT_FALSE(s.ended);
  g.point.release();
  s.wait_for("passed");
  EXPECT_NE(s.received.find("Connection: close"), std::string::npos);
  s.close();
  s.wait_for_end();
  EXPECT_EQ(s.handler.handled, 1);
}

TEST(answers, draining_lets_a_begun_head_arrive) {
  served_connection s;
  s.start();
  s.send("GET / HT");
  s.site.draining = true;
  s.connection->drain();
  s.send("TP/1.1\r\nHost: a\r\n\r\n");
  s.wait_for("GET / .");
  EXPECT_NE(s.received.find("Connection: close"), std::string::npos);
}

TEST(answers, closing_tells_the_handler) {
  served_connection s;
  gate g(s);
  s.start();
  s.send(get);
  s.connection->close();
  EXPECT_EQ(g.gone, 1);
  g.point.release();
  s.wait_for_end();
  EXPECT_EQ(s.received, "");
}

}  // namespace
