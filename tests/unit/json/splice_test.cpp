#include <spidergate/json/reader.hpp>
#include <spidergate/json/splice.hpp>

#include <gtest/gtest.h>

namespace spidergate::json {
namespace {

TEST(splice, changes_the_spans_and_nothing_else) {
  const std::string text = "0123456789";
  splice edits(text);
  edits.replace(std::string_view(text).substr(7, 1), "seven");
  edits.erase(std::string_view(text).substr(2, 3));
  edits.insert(text.data(), "<");
  edits.insert(text.data() + 2, "a");
  edits.insert(text.data() + 2, "b");
  edits.insert(text.data() + 10, ">");
  std::string out;
  edits.append_to(out);
  EXPECT_EQ(out, "<01ab56seven89>");

  std::vector<std::string_view> pieces;
  std::vector<std::unique_ptr<std::string>> owned;
  edits.move_to(pieces, owned);
  std::string joined;
  for (const auto piece : pieces) joined += piece;
  EXPECT_EQ(joined, out);
  EXPECT_TRUE(edits.empty());
}

TEST(splice, without_changes_is_one_view_of_the_text) {
  const std::string text = "whole";
  std::vector<std::string_view> pieces;
  std::vector<std::unique_ptr<std::string>> owned;
  splice(text).move_to(pieces, owned);
  ASSERT_EQ(pieces.size(), 1u);
  EXPECT_EQ(pieces[0].data(), text.data());
}

TEST(span_with_comma, takes_the_right_comma) {
  const auto without = [](const std::string& text, std::size_t first, std::size_t last) {
    reader r;
    EXPECT_TRUE(r.read(text));
    std::vector<std::string_view> wholes;
    for (const auto& m : r.root().members()) wholes.push_back(m.whole());
    splice edits(text);
    edits.erase(span_with_comma(first, last, wholes.size(), [&](std::size_t i) { return wholes[i]; }));
    std::string out;
    edits.append_to(out);
    EXPECT_TRUE(r.read(out)) << out;
    return out;
  };
  const std::string text = R"({ "a":1 , "b":2 ,"c":3 })";
  EXPECT_EQ(without(text, 0, 0), R"({ "b":2 ,"c":3 })");
  EXPECT_EQ(without(text, 1, 1), R"({ "a":1 , "c":3 })");
  EXPECT_EQ(without(text, 2, 2), R"({ "a":1 , "b":2 })");
  EXPECT_EQ(without(text, 1, 2), R"({ "a":1 })");
  EXPECT_EQ(without(text, 0, 2), "{  }");
}

TEST(splice, knows_where_an_untouched_byte_goes) {
  const std::string_view text = "abcdef";
  splice edits(text);
  edits.insert(text.data(), "++");
  edits.erase(text.substr(1, 2));
  edits.replace(text.substr(4, 1), "EEE");
  std::string changed;
  edits.append_to(changed);
  for (const std::size_t at : {0u, 3u, 5u}) EXPECT_EQ(changed[edits.place_of(text.data() + at)], text[at]) << changed;
}

}  // namespace
}  // namespace spidergate::json
