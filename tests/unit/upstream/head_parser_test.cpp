#include "head_parser.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace spidergate::upstream {
namespace {

using namespace std::string_literals;

/// The head, or nothing while it is incomplete or when it is refused.
struct reading {
  bool refused = false;
  std::optional<parsed_head> head;
  head_parser::field_list fields;
};

/// Lets the parser see `text` up to each of the cuts; the buffer moves every time.
reading read(std::string_view text, std::size_t first, std::size_t second, std::string& buffer) {
  head_parser parser;
  parser.reset(false);
  reading got;
  for (const auto size : {first, second, text.size()}) {
    buffer = std::string(text.substr(0, size));
    const auto fed = parser.feed(buffer);
    got.refused = !fed;
    if (got.refused) return got;
    got.head = *fed;
    if (!got.head) continue;
    parser.fields(buffer, got.fields);
    return got;
  }
  return got;
}

void expect_the_same_however_it_is_cut(std::string_view text, bool refused) {
  std::string buffer;
  for (std::size_t first = 1; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); second += 3) {
      const auto got = read(text, first, second, buffer);
      EXPECT_EQ(got.refused, refused) << text << " cut at " << first << " and " << second;
      EXPECT_EQ(got.head.has_value(), !refused) << text << " cut at " << first << " and " << second;
    }
  }
}

TEST(response_head, is_read_however_it_is_cut) {
  const auto text =
      "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nX-Empty:\r\nX-Padded: \t v \t\r\n"
      "Content-Length: 12\r\nConnection: foo, Keep-Alive\r\n\r\nbody"s;
  std::string buffer;
  for (std::size_t first = 1; first <= text.size(); ++first) {
    for (std::size_t second = first; second <= text.size(); second += 5) {
      const auto got = read(text, first, second, buffer);
      ASSERT_TRUE(got.head) << first << " " << second;
      EXPECT_EQ(got.head->status, 200);
      EXPECT_EQ(got.head->framing, framing::sized);
      EXPECT_EQ(got.head->content_length, 12U);
      EXPECT_TRUE(got.head->keep_alive);
      EXPECT_EQ(text.substr(got.head->size), "body");
      ASSERT_EQ(got.fields.size(), 5U);
      EXPECT_EQ(got.fields[0].second, "application/json");
      EXPECT_EQ(got.fields[1].second, "");
      EXPECT_EQ(got.fields[2].second, "v");
    }
  }
}

TEST(response_head, what_could_be_read_differently_is_refused_however_it_is_cut) {
  const auto ok = "HTTP/1.1 200 OK\r\n"s;
  for (const auto& text : {"HTTP/2 200 OK\r\n\r\n"s,
                           "HTTP/1.2 200 OK\r\n\r\n"s,
                           "HTTP/1.1  200 OK\r\n\r\n"s,
                           "HTTP/1.1 20 OK\r\n\r\n..."s,
                           "HTTP/1.1 2000 OK\r\n\r\n"s,
                           "HTTP/1.1 099 OK\r\n\r\n"s,
                           "HTTP/1.1 200 O\x01K\r\n\r\n"s,
                           "HTTP/1.1 200 OK\n\n\n"s,
                           ok + "X: a\nY: b\r\n\r\n",
                           ok + "X: a\rb\r\n\r\n",
                           ok + " X: a\r\n\r\n",
                           ok + "X: a\r\n folded\r\n\r\n",
                           ok + "X : a\r\n\r\n",
                           ok + ": a\r\n\r\n",
                           ok + "no colon\r\n\r\n",
                           ok + "X: a\x7f\r\n\r\n",
                           ok + "X: a\0b\r\n\r\n"s,
                           ok + "Content-Length: +1\r\n\r\n",
                           ok + "Content-Length: 1, 1\r\n\r\n",
                           ok + "Content-Length:\r\n\r\n",
                           ok + "Content-Length: 1\r\ncontent-length: 1\r\n\r\n",
                           ok + "Transfer-Encoding: gzip, chunked\r\n\r\n",
                           ok + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
                           ok + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
                           ok + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
                           "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"s,
                           ok + "\rX\r\n\r\n"}) {
    expect_the_same_however_it_is_cut(text, true);
  }
  for (const auto& text :
       {"HTTP/1.1 200 \r\n\r\n"s, ok + "\r\n", ok + "X: \xc3\xbc\tz\r\n\r\n", "HTTP/1.0 599 ?\r\n\r\n"s}) {
    expect_the_same_however_it_is_cut(text, false);
  }
}

TEST(response_head, garbage_is_refused_at_its_first_bytes) {
  head_parser parser;
  parser.reset(false);
  EXPECT_FALSE(parser.feed("SSH"));
}

TEST(response_head, a_head_begun_anew_keeps_nothing_of_the_one_before) {
  head_parser parser;
  parser.reset(false);
  const auto first = parser.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n");
  ASSERT_TRUE(first && first->has_value());
  EXPECT_EQ((*first)->framing, framing::chunked);
  EXPECT_FALSE((*first)->keep_alive);
  parser.reset(true);
  const auto second = parser.feed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  ASSERT_TRUE(second && second->has_value());
  EXPECT_EQ((*second)->framing, framing::none);
  EXPECT_TRUE((*second)->keep_alive);
  head_parser::field_list fields;
  parser.fields("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", fields);
  EXPECT_EQ(fields.size(), 1U);
}

}  // namespace
}  // namespace spidergate::upstream
