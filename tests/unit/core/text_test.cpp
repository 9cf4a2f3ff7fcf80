#include <spidergate/core/ascii.hpp>
#include <spidergate/core/digits.hpp>
#include <spidergate/core/glob.hpp>
#include <spidergate/core/json_text.hpp>
#include <spidergate/core/nearest.hpp>

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace spidergate {
namespace {

std::string json_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(ascii, compares_and_lowers_letters_only) {
  EXPECT_TRUE(iequals("Content-Length", "content-length"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("[", "{"));
  EXPECT_EQ(to_lower("AbZ-\xC3\x84"), "abz-\xC3\x84");
}

TEST(ascii, compares_long_texts_as_it_does_short_ones) {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      const std::string left(1, static_cast<char>(a)), right(1, static_cast<char>(b));
      const bool same = to_lower(left) == to_lower(right);
      EXPECT_EQ(iequals(left, right), same);
      for (const std::size_t at : {0U, 3U, 7U, 8U, 9U, 12U}) {
        std::string long_left(13, 'x'), long_right(13, 'X');
        long_left[at] = left[0];
        long_right[at] = right[0];
        EXPECT_EQ(iequals(long_left, long_right), same) << a << ' ' << b << ' ' << at;
      }
    }
  }
}

TEST(digits, are_those_of_the_number) {
  std::array<char, most_digits> room;
  const auto written = [&room](std::int64_t number) {
    return std::string(room.data(), put_number(room.data(), number));
  };
  std::uint64_t power = 1;
  for (std::size_t zeros = 0; zeros < most_digits; ++zeros, power *= 10) {
    for (const auto number : {power - 1, power, power + 1, power * 9, power / 2}) {
      EXPECT_EQ(std::string(room.data(), put_digits(room.data(), number)), std::to_string(number));
      EXPECT_EQ(digit_count(number), std::to_string(number).size());
    }
  }
  constexpr auto largest = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(std::string(room.data(), put_digits(room.data(), largest)), std::to_string(largest));
  for (const std::int64_t number : {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
                                    std::int64_t{0}, std::int64_t{-1}, std::int64_t{-1234567}})
    EXPECT_EQ(written(number), std::to_string(number));
}

TEST(ascii, trims_blanks_and_splits_keeping_empty_parts) {
  EXPECT_EQ(trim(" \t a b \t"), "a b");
  EXPECT_EQ(trim("\t "), "");
  EXPECT_EQ(split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(split("", ','), std::vector<std::string_view>{""});
  EXPECT_EQ(split("a,", ','), (std::vector<std::string_view>{"a", ""}));
}

TEST(ascii, parses_whole_integers_only) {
  EXPECT_EQ(parse_integer<int>("42"), 42);
  EXPECT_EQ(parse_integer<int>("-1"), -1);
  for (const auto* text : {"", "+1", " 1", "1 ", "1x", "99999999999"}) EXPECT_FALSE(parse_integer<int>(text)) << text;
}

TEST(glob, stars_span_slashes_and_backtrack) {
  EXPECT_TRUE(glob_match("openai/*", "openai/gpt-4o/x"));
  EXPECT_TRUE(glob_match("*", ""));
  EXPECT_TRUE(glob_match("*a*b", "xaab-ab"));
  EXPECT_TRUE(glob_match("gpt-?o", "gpt-4o"));
  EXPECT_FALSE(glob_match("gpt-?", "gpt-4o"));
  EXPECT_FALSE(glob_match("GPT", "gpt"));
  EXPECT_FALSE(glob_match("", "a"));
  EXPECT_FALSE(glob_match("a*b", "a-c"));
}

TEST(glob, stays_fast_on_many_stars) {
  const std::string text(20'000, 'a');
  EXPECT_FALSE(glob_match("*a*a*a*a*a*a*a*b", text));
}

TEST(json_text, escapes_each_byte_wherever_it_stands) {
  for (int byte = 0; byte < 0x80; ++byte) {
    const char c = static_cast<char>(byte);
    const auto alone = json_of(std::string_view(&c, 1));
    const auto escaped = alone.substr(1, alone.size() - 2);
    EXPECT_EQ(escaped.size() == 1, byte >= 0x20 && c != '"' && c != '\\') << byte;
    for (std::size_t at = 0; at < 20; ++at) {
      const std::string before(at, 'x'), after(20 - at, '~');
      EXPECT_EQ(json_of(before + c + after), '"' + before + escaped + after + '"') << byte << ' ' << at;
    }
  }
  std::string joined = "\"";
  append_json_text(joined, "a\"");
  append_json_text(joined, "/\xC3\xA4");
  EXPECT_EQ(joined + '"', json_of("a\"/\xC3\xA4"));
}

TEST(json_text, escapes_what_must_be_escaped) {
  EXPECT_EQ(json_of("a\"b\\c\n\t\x01\x7F/"), "\"a\\\"b\\\\c\\n\\t\\u0001\x7F/\"");
  EXPECT_EQ(json_of(std::string_view("\0", 1)), "\"\\u0000\"");
}

TEST(json_text, keeps_utf8_and_replaces_what_is_not) {
  EXPECT_EQ(json_of("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  for (const auto* bad : {"\xC0", "\x80", "\xC3", "\xFF"}) EXPECT_EQ(json_of(bad), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(json_of("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(json_of("\xE2\x82z"), "\"\xEF\xBF\xBD\xEF\xBF\xBDz\"");
}

TEST(json_text, writer_places_commas) {
  std::string out;
  json_writer(out)
      .begin_object()
      .key("a")
      .number(std::numeric_limits<std::int64_t>::min())
      .key("b")
      .begin_array()
      .string("x")
      .null()
      .begin_object()
      .end_object()
      .boolean(true)
      .end_array()
      .key("c")
      .raw("{\"d\":1}")
      .end_object();
  EXPECT_EQ(out, R"({"a":-9223372036854775808,"b":["x",null,{},true],"c":{"d":1}})");
}

TEST(nearest, offers_the_closest_first_and_nothing_far) {
  constexpr std::array<std::string_view, 5> names{"gpt-4o", "gpt-4o-mini", "claude-sonnet-4-5", "o3", "gemini-2.5-pro"};
  EXPECT_EQ(nearest_names("gpt4o", names, 2), (std::vector<std::string>{"gpt-4o", "gpt-4o-mini"}));
  EXPECT_EQ(nearest_names("Sonnet", names, 3), std::vector<std::string>{"claude-sonnet-4-5"});
  EXPECT_TRUE(nearest_names("zzzzzzzz", names, 3).empty());
  EXPECT_TRUE(nearest_names("gpt-4o", names, 0).empty());
}

}  // namespace
}  // namespace spidergate
