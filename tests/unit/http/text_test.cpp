#include "response_head.hpp"

#include <spidergate/http/errc.hpp>
#include <spidergate/http/exchange.hpp>
#include <spidergate/http/query.hpp>
#include <spidergate/http/sse.hpp>

#include <gtest/gtest.h>

#include <set>

using namespace spidergate::http;
using namespace std::string_view_literals;

namespace {

TEST(header_block, nothing_added_can_split_the_answer) {
  header_block h;
  h.add("X-A", "one\r\nSet-Cookie: evil\r\n\r\nbody\0\x7f\x01"sv);
  h.add("X\r\nY: z"sv, "two");
  h.add(""sv, "nameless");
  EXPECT_EQ(h.text(), "X-A: one  Set-Cookie: evil    body   \r\nX--Y--z: two\r\n");
}

TEST(header_block, framing_fields_belong_to_the_exchange) {
  header_block h;
  for (const auto* name : {"Content-Length", "transfer-encoding", "CONNECTION", "Date", "Content\x01Length"})
    h.add(name, "1");
  h.add("Dat", std::int64_t{-42});
  EXPECT_EQ(h.text(), "Dat: -42\r\n");
  h.clear();
  EXPECT_EQ(h.text(), "");
}

TEST(query, values_are_decoded) {
  EXPECT_EQ(query_value("a=1&b=x%20y+z&c", "b"), "x y z");
  EXPECT_EQ(query_value("a=1&b=x%20y+z&c", "c"), "");
  EXPECT_EQ(query_value("a=1&b=2", "a"), "1");
  EXPECT_EQ(query_value("a=1&a=2", "a"), "1");
  EXPECT_EQ(query_value("include%5Froute_trace=true", "include_route_trace"), "true");
  EXPECT_EQ(query_value("a=%zz%4", "a"), "%zz%4");
  EXPECT_EQ(query_value("a=b=c", "a"), "b=c");
  EXPECT_EQ(query_value("&&a=1&", "a"), "1");
  EXPECT_EQ(query_value("", "a"), std::nullopt);
  EXPECT_EQ(query_value("&&", ""), std::nullopt);
  EXPECT_EQ(query_value("ab=1", "a"), std::nullopt);
}

TEST(path, escapes_are_decoded_or_refused) {
  EXPECT_EQ(decode_path("/models/openai%2Fgpt-4o+x"), "/models/openai/gpt-4o+x");
  EXPECT_EQ(decode_path(""), "");
  EXPECT_EQ(decode_path("%C3%BC"), "\xc3\xbc");
  for (const auto* bad : {"%", "%4", "%zz", "a%0", "%00", "%-1"}) EXPECT_EQ(decode_path(bad), std::nullopt) << bad;
}

TEST(sse, events_end_with_an_empty_line) {
  std::string out;
  append_sse(out, "{}");
  append_sse(out, "ping", "{\"type\":\"ping\"}");
  EXPECT_EQ(out, "data: {}\n\nevent: ping\ndata: {\"type\":\"ping\"}\n\n");
  EXPECT_EQ(sse_keep_alive, ": keep-alive\n\n");
}

TEST(date_line, says_the_time_in_http_form) {
  date_line d;
  EXPECT_EQ(d.at(784'887'151'999), "Date: Tue, 15 Nov 1994 08:12:31 GMT\r\n");
  EXPECT_EQ(d.at(784'887'152'000), "Date: Tue, 15 Nov 1994 08:12:32 GMT\r\n");
  EXPECT_EQ(d.at(1'709'164'799'000), "Date: Wed, 28 Feb 2024 23:59:59 GMT\r\n");
  EXPECT_EQ(d.at(1'709'164'800'000), "Date: Thu, 29 Feb 2024 00:00:00 GMT\r\n");
  EXPECT_EQ(d.at(0), "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
}

TEST(errc, every_code_has_one_sentence) {
  std::set<std::string> messages;
  for (int code = 1; code <= static_cast<int>(errc::client_gone); ++code) {
    const auto message = make_error_code(static_cast<errc>(code)).message();
    EXPECT_TRUE(message.ends_with('.'));
    EXPECT_TRUE(messages.insert(message).second);
  }
  EXPECT_STREQ(category().name(), "spidergate.http");
}

}  // namespace
