#include <spidergate/json/literal.hpp>
#include <spidergate/json/reader.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace spidergate::json {
namespace {

TEST(literal, ends_at_the_quote_that_closes_it) {
  for (const std::string_view inside : {"", "a", "a longer text than one look takes in, and then some more of it",
                                        R"(\"quoted\" and \\)", R"(\u00e9\n)", "h\xC3\xA9", R"(\ud83d)"}) {
    const auto text = std::string(inside) + R"(","b":"\u12"})";
    const auto read = read_literal(text);
    ASSERT_TRUE(read) << inside;
    EXPECT_EQ(read->inside, inside);
    EXPECT_EQ(read->escaped, inside.find('\\') != std::string_view::npos);
  }
}

TEST(literal, is_none_where_a_reader_refuses_it) {
  for (const std::string_view text :
       {"", "a", "a\\", "a\\\"", "a\n\"", "\\x\"", "\\u12g4\"", "\\u12\"", "\xC3\"", "\xFF and more of it, so long\""})
    EXPECT_FALSE(read_literal(text)) << text;
}

TEST(literal, agrees_with_the_reader_on_texts_made_at_random) {
  const std::string_view letters = "ab\"\\\\\\un09afd8\n\xC3\xA9\xE2 ";
  std::mt19937 random(20261121);
  reader whole;
  for (int i = 0; i < 20'000; ++i) {
    // On the heap and of the exact size, so that the sanitizer sees a look behind it.
    const std::size_t size = random() % 40;
    const auto bytes = std::make_unique<char[]>(size);
    for (std::size_t at = 0; at < size; ++at) bytes[at] = random() % 4 != 0 ? 'x' : letters[random() % letters.size()];
    const std::string_view text(bytes.get(), size);
    const auto read = read_literal(text);
    if (read) {
      EXPECT_EQ(text[read->inside.size()], '"');
      EXPECT_TRUE(whole.read("[\"" + std::string(read->inside) + "\"]", surrogates::any)) << text;
    } else {
      for (auto quote = text.find('"'); quote != std::string_view::npos; quote = text.find('"', quote + 1))
        EXPECT_FALSE(whole.read("[\"" + std::string(text.substr(0, quote)) + "\"]", surrogates::any)) << text;
    }
  }
}

}  // namespace
}  // namespace spidergate::json
