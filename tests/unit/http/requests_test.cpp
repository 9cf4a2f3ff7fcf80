#include "cuts.hpp"
#include "served_connection.hpp"

using namespace spidergate;
using spidergate::testing::all_cuts;
using spidergate::testing::scripted_handler;
using spidergate::testing::served_connection;
using namespace std::chrono_literals;

namespace {

std::string ok(std::string_view body, std::string_view extra = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(extra) + "\r\n" +
         std::string(body);
}

const std::string refused_400 =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 11\r\nConnection: close\r\nX-Refused: yes\r\n\r\nrefused 400";

std::string post(std::string_view fields, std::string_view body) {
  return "POST /p HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n" + std::string(body);
}

TEST(requests, pipelined_requests_are_answered_in_order_however_they_are_cut) {
  const std::string input = post("Content-Length: 5\r\n", "hello") + "GET /g HTTP/1.1\r\nHost: a\r\n\r\n" +
                            post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n2\r\nde\r\n0\r\nX: y\r\n\r\n") +
                            post("Content-Length: 0\r\n", "") + "GET /last HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto expected =
      ok("POST /p hello.") + ok("GET /g .") + ok("POST /p abcde.") + ok("POST /p .") + ok("GET /last .");
  for (const auto& pieces : all_cuts(input, 30)) {
    served_connection s;
    EXPECT_EQ(s.talk(pieces, "GET /last ."), expected) << pieces.size();
    EXPECT_FALSE(s.ended);
  }
}

TEST(requests, one_request_costs_one_read_and_one_write) {
  served_connection s;
  s.start();
  for (int i = 0; i < 3; ++i) {
    s.send(post("Content-Length: 5\r\n", "hello"));
    s.settle();
  }
  EXPECT_EQ(s.handler.handled, 3);
  EXPECT_EQ(s.calls->writes, 3);
  EXPECT_EQ(s.calls->reads, 4);  // the fourth waits for the next request
}

TEST(requests, a_refused_head_is_answered_and_ends_the_connection) {
  const std::string smuggled = "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n";
  const auto input = post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + smuggled);
  for (const auto& pieces : all_cuts(input)) {
    served_connection s;
    EXPECT_EQ(s.talk(pieces, "refused 400"), refused_400);
    EXPECT_EQ(s.handler.handled, 0);
    EXPECT_EQ(s.counters.refused_heads, 1U);
    s.close();
    s.wait_for_end();
  }
}

TEST(requests, each_refusal_has_its_status) {
  const std::pair<std::string, const char*> cases[] = {
      {"\x16\x03\x01", "HTTP/1.1 400 Bad Request"},
      {"GET / HTTP/1.1\n", "HTTP/1.1 400 Bad Request"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 HTTP Version Not Supported"},
      {"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 501 Not Implemented"},
      {"GET /" + std::string(20'000, 'a'), "HTTP/1.1 431 Request Header Fields Too Large"},
      {post("Expect: miracles\r\n", ""), "HTTP/1.1 417 Expectation Failed"},
  };
  for (const auto& [input, status] : cases) {
    served_connection s;
    EXPECT_TRUE(s.talk({input}, "refused").starts_with(status)) << status << "\n" << s.received;
    EXPECT_EQ(s.handler.handled, 0);
  }
}

TEST(requests, a_head_as_large_as_allowed_is_served) {
  http::limits bounds;
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const auto head = start + std::string(bounds.max_header_bytes - start.size() - 4, 'x') + "\r\n\r\n";
  for (const auto& pieces : all_cuts(head, 3)) {
    served_connection s;
    EXPECT_EQ(s.talk(pieces, "GET / ."), ok("GET / ."));
  }
}

TEST(requests, http_1_0_closes_unless_asked_to_stay) {
  served_connection closing;
  EXPECT_EQ(closing.talk({"GET / HTTP/1.0\r\n\r\n"}, "GET / ."), ok("GET / .", "Connection: close\r\n"));
  closing.wait_for_end();
  served_connection staying;
  const std::string request = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  const auto answer = ok("GET / .", "Connection: keep-alive\r\n");
  EXPECT_EQ(staying.talk({request + request}, answer.substr(answer.size() - 7)), answer + answer);
  EXPECT_FALSE(staying.ended);
}

TEST(requests, connection_close_is_obeyed_and_what_follows_is_ignored) {
  served_connection s;
  const std::string request = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
  EXPECT_EQ(s.talk({request + request}, "GET / ."), ok("GET / .", "Connection: close\r\n"));
  s.wait_for_end();
  EXPECT_EQ(s.handler.handled, 1);
}

TEST(requests, bodies_of_every_size_arrive_whole) {
  for (const std::size_t size : {1UL, 63UL, 3900UL, 4032UL, 4096UL, 65'535UL, 65'536UL, 65'537UL, 300'000UL}) {
    std::string body(size, 'b');
    for (std::size_t i = 0; i < size; ++i) body[i] = static_cast<char>('a' + i % 23);
    std::string chunked;
    char hex[20];
    for (std::size_t at = 0; at < size; at += 1000) {
      const auto piece = body.substr(at, 1000);
      std::snprintf(hex, sizeof hex, "%zx\r\n", piece.size());
      chunked += hex + piece + "\r\n";
    }
    const std::string next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
    const auto expected = ok("POST /p " + body + ".") + ok("GET /next .");
    served_connection sized;
    EXPECT_EQ(sized.talk({post("Content-Length: " + std::to_string(size) + "\r\n", body) + next}, "GET /next ."),
              expected);
    served_connection in_chunks;
    EXPECT_EQ(in_chunks.talk({post("Transfer-Encoding: chunked\r\n", chunked + "0\r\n\r\n") + next}, "GET /next ."),
              expected);
  }
}

TEST(requests, many_pipelined_requests_behind_a_chunked_body_are_kept) {
  std::string input = post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n");
  std::string rest = "0\r\n\r\n";
  for (int i = 0; i < 1000; ++i) rest += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: a\r\n\r\n";
  served_connection s;
  s.talk({input, rest}, "GET /999 .");
  EXPECT_EQ(s.handler.handled, 1001);
}

TEST(requests, a_body_beyond_the_limit_is_413_before_it_is_read) {
  http::limits bounds;
  bounds.max_body_bytes = 10;
  for (const auto& request : {post("Content-Length: 11\r\n", ""), post("Transfer-Encoding: chunked\r\n", "b\r\n")}) {
    served_connection s(bounds);
    const auto answer = s.talk({request}, "allows.");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 Content Too Large\r\n")) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    s.close();
    s.wait_for_end();
  }
  served_connection exact(bounds);
  EXPECT_EQ(exact.talk({post("Content-Length: 10\r\n", "0123456789")}, "."), ok("POST /p 0123456789."));
}

TEST(requests, malformed_chunks_are_400_and_close_however_they_are_cut) {
  const auto input = post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0x1\r\nd\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n");
  for (const auto& pieces : all_cuts(input)) {
    served_connection s;
    const auto answer = s.talk(pieces, "malformed.");
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 400 Bad Request\r\n")) << answer;
    EXPECT_NE(answer.find("Connection: close"), std::string::npos);
    EXPECT_EQ(s.handler.handled, 1);
  }
}

awaitable<void> ignore_body(http::exchange& x) {
  return scripted_handler::say(x, 200, "ignored");
}

TEST(requests, a_short_body_that_nobody_read_is_skipped) {
  const std::string next = "GET /next HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string input = post("Content-Length: 5000\r\n", std::string(5000, 'x')) +
                            post("Transfer-Encoding: chunked\r\n", "1\r\nx\r\n0\r\n\r\n") + next;
  served_connection s;
  s.handler.script = ignore_body;
  s.start();
  s.send(input);
  EXPECT_EQ(s.handler.handled, 3);
  EXPECT_EQ(s.without_dates(), ok("ignored") + ok("ignored") + ok("ignored"));
}

TEST(requests, a_body_that_may_not_come_whole_ends_the_connection) {
  const std::string cases[] = {post("Content-Length: 70000\r\n", "x"), post("Transfer-Encoding: chunked\r\n", "1\r\n"),
                               post("Content-Length: 5\r\nExpect: 100-continue\r\n", "")};
  for (const auto& request : cases) {
    served_connection s;
    s.handler.script = ignore_body;
    EXPECT_EQ(s.talk({request}, "ignored"), ok("ignored", "Connection: close\r\n"));
    s.send("GET /not-a-request HTTP/1.1\r\nHost: a\r\n\r\n");
    s.close();
    s.wait_for_end();
    EXPECT_EQ(s.handler.handled, 1);
  }
}

TEST(requests, continue_is_said_only_when_the_body_is_wanted_and_has_not_come) {
  const std::string interim = "HTTP/1.1 100 Continue\r\n\r\n";
  const auto head = post("Content-Length: 5\r\nExpect: 100-continue\r\n", "");
  served_connection waiting;
  waiting.start();
  waiting.send(head);
  EXPECT_EQ(waiting.received, interim);
  waiting.send("hello");
  EXPECT_EQ(waiting.without_dates(), interim + ok("POST /p hello."));

  served_connection eager;
  EXPECT_EQ(eager.talk({head + "hello"}, "hello."), ok("POST /p hello."));
  served_connection begun;
  EXPECT_EQ(begun.talk({head + "h", "ello"}, "hello."), ok("POST /p hello."));
  served_connection empty;
  EXPECT_EQ(empty.talk({post("Content-Length: 0\r\nExpect: 100-continue\r\n", "")}, "."), ok("POST /p ."));
  served_connection chunked;
  chunked.start();
  chunked.send(post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", ""));
  EXPECT_EQ(chunked.received, interim);
  chunked.send("1\r\nx\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.without_dates(), interim + ok("POST /p x."));
}

TEST(requests, the_body_may_be_asked_for_twice) {
  served_connection s;
  s.handler.script = [](http::exchange& x) -> awaitable<void> {
    const auto first = co_await x.read_body();
    const auto second = co_await x.read_body();
    EXPECT_EQ(first.value(), "hello");
    EXPECT_EQ(first->data(), second->data());
    x.release_body();
    co_await scripted_handler::say(x, 200, "twice");
  };
  EXPECT_EQ(s.talk({post("Content-Length: 5\r\n", "he"), "llo"}, "twice"), ok("twice"));
  s.send(post("Content-Length: 5\r\n", "hello"));
  EXPECT_EQ(s.handler.handled, 2);
}

TEST(requests, a_body_asked_for_after_the_answer_began_is_whole_or_an_error) {
  const auto script = [](http::exchange& x) -> awaitable<void> {
    x.begin_stream(200, {});
    const auto body = co_await x.read_body();
    const auto text = body ? std::string(*body) : body.error().message();
    static_cast<void>(co_await x.finish(text + "|"));
  };
  served_connection whole;
  whole.handler.script = script;
  EXPECT_NE(whole.talk({post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n")}, "|").find("hello|"),
            std::string::npos);
  served_connection part;
  part.handler.script = script;
  EXPECT_NE(part.talk({post("Transfer-Encoding: chunked\r\n", "5\r\nhel")}, "|").find("closed its connection.|"),
            std::string::npos);
}

TEST(requests, a_slow_head_is_408_and_a_silent_connection_just_closes) {
  http::limits bounds;
  bounds.header_timeout = 30ms;
  bounds.idle_timeout = 20ms;
  served_connection slow(bounds);
  EXPECT_TRUE(slow.talk({"GET / HT"}, "refused 408").starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  EXPECT_EQ(slow.counters.timeouts, 1U);
  served_connection silent(bounds);
  silent.start();
  silent.wait_for_end();
  EXPECT_EQ(silent.received, "");
  EXPECT_EQ(silent.counters.timeouts, 0U);
}

TEST(requests, a_slow_body_ends_in_timed_out) {
  http::limits bounds;
  bounds.body_timeout = 20ms;
  served_connection s(bounds);
  const auto answer = s.talk({post("Content-Length: 5\r\n", "hel")}, "in time.");
  EXPECT_NE(answer.find("Connection: close"), std::string::npos);
  EXPECT_EQ(s.counters.timeouts, 1U);
}

TEST(requests, a_client_that_leaves_is_no_error_of_ours) {
  for (const std::string part : {"", "GET", "GET / HTTP/1.1\r\nHost: a\r\n"}) {
    served_connection s;
    s.start();
    s.send(part);
    s.close();
    s.wait_for_end();
    EXPECT_EQ(s.received, "");
    EXPECT_EQ(s.handler.handled, 0);
  }
  served_connection in_body;
  error_code seen;
  in_body.handler.script = [&seen](http::exchange& x) -> awaitable<void> {
    const auto body = co_await x.read_body();
    seen = body.error();
    co_await scripted_handler::say(x, 400, "");
  };
  in_body.start();
  in_body.send(post("Content-Length: 5\r\n", "hel"));
  in_body.close();
  in_body.wait_for_end();
  EXPECT_EQ(seen, http::errc::client_gone);
}

}  // namespace
