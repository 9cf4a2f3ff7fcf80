#include <spidergate/json/plain_run.hpp>

#include <gtest/gtest.h>

#include <string>

namespace spidergate::json {
namespace {

TEST(plain_run, ends_at_the_first_escape_or_byte_beyond_ascii_wherever_it_stands) {
  for (std::size_t size = 0; size < 70; ++size) {
    const std::string plain(size, 'a');
    EXPECT_EQ(plain_run(plain), size);
    for (std::size_t at = 0; at < size; ++at) {
      for (const char odd : {'\\', '\x80', '\xff', '\xc3'}) {
        std::string text = plain;
        text[at] = odd;
        EXPECT_EQ(plain_run(text), at) << size;
      }
    }
  }
}

TEST(plain_run, takes_every_character_that_stands_for_itself) {
  std::string text;
  for (char c = ' '; c < 0x7F; ++c) {
    if (c != '"' && c != '\\') text.push_back(c);
  }
  text.push_back(0x7F);
  EXPECT_EQ(plain_run(text), text.size());
}

}  // namespace
}  // namespace spidergate::json
