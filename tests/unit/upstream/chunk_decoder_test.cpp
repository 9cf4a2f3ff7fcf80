#include "chunk_decoder.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spidergate::upstream {
namespace {

using status = chunk_decoder::status;

/// Feeds `text` in two parts cut at `at` and gives the body, or "broken".
std::string decode_cut(const std::string& text, std::size_t at, status& last) {
  chunk_decoder decoder;
  std::string body;
  for (auto part : {text.substr(0, at), text.substr(at)}) {
    const auto progress = decoder.decode(part);
    body.append(part, progress.begin, progress.produced);
    last = progress.status;
    if (last == status::broken) return "broken";
  }
  return body;
}

TEST(chunk_decoder, gives_the_same_body_wherever_it_is_cut) {
  const std::string text =
      "5;ext=\"a b\"\r\nhello\r\n1 \r\n,\r\n00b\r\n wide world\r\n0\r\nTrailer: x\r\nOther: y\r\n\r\n";
  for (std::size_t at = 0; at <= text.size(); ++at) {
    status last{};
    EXPECT_EQ(decode_cut(text, at, last), "hello, wide world") << at;
    EXPECT_EQ(last, status::finished) << at;
  }
}

TEST(chunk_decoder, leaves_what_follows_the_body) {
  chunk_decoder decoder;
  std::string text = "1\r\na\r\n0\r\n\r\nHTTP/1.1";
  const auto progress = decoder.decode(text);
  EXPECT_EQ(progress.status, status::finished);
  EXPECT_EQ(progress.produced, 1U);
  EXPECT_EQ(text.substr(progress.consumed), "HTTP/1.1");
}

TEST(chunk_decoder, refuses_loose_framing) {
  for (const std::string text : {"\r\n", "g\r\n", "1\na\r\n", "1\r\nab\r\n", "1\r\na\n", "1\r\r\n", "0\r\n\n",
                                 "0\r\na\n", "1;\n", "0x1\r\n", "+1\r\n", "1234567890123456\r\n"}) {
    status last{};
    EXPECT_EQ(decode_cut(text, 0, last), "broken") << text;
  }
}

TEST(chunk_decoder, bounds_extensions_and_trailers) {
  status last{};
  EXPECT_EQ(decode_cut("1;" + std::string(10'000, 'x'), 0, last), "broken");
  EXPECT_EQ(decode_cut("0\r\n" + std::string(10'000, 'x'), 0, last), "broken");
}

}  // namespace
}  // namespace spidergate::upstream
