#include <spidergate/json/reader.hpp>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <random>
#include <string>
#include <vector>

namespace spidergate::json {
namespace {

using std::string_literals::operator""s;

std::string fault_of(std::string_view text, surrogates rule = surrogates::paired) {
  reader r;
  if (r.read(text, rule)) return "";
  return r.failure().message + " at " + std::to_string(r.failure().offset);
}

TEST(reader, takes_every_kind_of_value) {
  for (const auto* text : {"{}", "[]", "\"\"", "0", "-0.5e+7", "true", "false", "null", " [1 , {\"a\" : [ ] } ] \n",
                           "1E9", "\"\\u00e9\\n\"", "[123456789012345678901234567890, 1e400]", "\"\\ud83d\\ude00\""}) {
    EXPECT_EQ(fault_of(text), "") << text;
  }
}

TEST(reader, names_what_is_wrong_and_where) {
  EXPECT_EQ(fault_of(""), "it is empty at 0");
  EXPECT_EQ(fault_of("  \n"), "it is empty at 0");
  EXPECT_EQ(fault_of("{"), "it ends inside an object at 1");
  EXPECT_EQ(fault_of("[1,"), "it ends inside an array at 3");
  EXPECT_EQ(fault_of("{\"a\":1,}"), "expected a member's name in double quotes at 7");
  EXPECT_EQ(fault_of("[1,]"), "expected a value at 3");
  EXPECT_EQ(fault_of("{\"a\" 1}"), "expected ':' behind the member's name at 5");
  EXPECT_EQ(fault_of("{\"a\":1 \"b\":2}"), "expected ',' or '}' at 7");
  EXPECT_EQ(fault_of("[1 2]"), "expected ',' or ']' at 3");
  EXPECT_EQ(fault_of("[1}"), "expected ',' or ']' at 2");
  EXPECT_EQ(fault_of("{} x"), "there is something behind the end of the value at 3");
  EXPECT_EQ(fault_of("{}{}"), "there is something behind the end of the value at 2");
  EXPECT_EQ(fault_of("{'a':1}"), "expected a member's name in double quotes at 1");
  EXPECT_EQ(fault_of("[\"a]"), "a string is not closed at 1");
  EXPECT_EQ(fault_of("[\"a\nb\"]"), "a string holds a control character that must be escaped at 3");
  EXPECT_EQ(fault_of("[\"a\\x\"]"), "a string holds a backslash escape that JSON does not know at 3");
  EXPECT_EQ(fault_of("[\"\\u12g4\"]"), "\\u wants four hexadecimal digits at 2");
  EXPECT_EQ(fault_of("[\"a\xff\"]"), "it is not valid UTF-8 at 3");
  EXPECT_EQ(fault_of("\xff\xfe{}"), "it is not valid UTF-8 at 0");
  EXPECT_EQ(fault_of("[\xc3]"), "it is not valid UTF-8 at 1");
  EXPECT_EQ(fault_of("[\xc3\xa9]"), "expected a value at 1");
  EXPECT_EQ(fault_of("{\"a\""), "it ends inside an object at 4");
  EXPECT_EQ(fault_of("{\"a\":[{}"), "it ends inside an array at 8");
  EXPECT_EQ(fault_of("{\"a\":[{}]"), "it ends inside an object at 9");
  EXPECT_EQ(fault_of("{\"a\":[{}]  "), "it ends inside an object at 9");
}

TEST(reader, checks_utf8_in_strings_of_every_length) {
  for (std::size_t size = 0; size < 100; ++size) {
    const std::string before(size, 'a');
    EXPECT_EQ(fault_of("[\"" + before + "\u00e9\u20ac\"]"), "");
    EXPECT_EQ(fault_of("[\"" + before + "\xe2\x82\"]"), "it is not valid UTF-8 at " + std::to_string(size + 2));
    EXPECT_EQ(fault_of("{\"" + before + "\xed\xa0\x80\":1}"), "it is not valid UTF-8 at " + std::to_string(size + 2));
  }
}

TEST(reader, refuses_what_only_looks_like_a_value) {
  for (const auto* text :
       {"tru",    "truex",  "nul",    "True",      "NaN",     "Infinity", "-",    "01",      "1.",
        ".5",     "1e",     "+1",     "0x10",      "1_000",   "--1",      "\f[]", "[1]\x01", "1\"a\"",
        "\"a\"b", "a\"b\"", "[\x0c]", "[1\x1a 2]", "// c\n1", "[1,,2]",   "[,1]", "{,}",     "{\"a\"}",
        "{1:2}",  "\"\\",   "]",      "}",         ":",       ","}) {
    EXPECT_NE(fault_of(text), "") << text;
  }
  EXPECT_NE(fault_of("[1\0]"s), "");
  EXPECT_NE(fault_of("{}\0"s), "");
}

TEST(reader, refuses_half_a_surrogate_pair_from_clients_but_not_from_providers) {
  for (const auto* text : {R"("\ud83d")", R"("\ude00")", R"("\ud83d\ud83d")", R"("\ud83dx")", R"("\ud83d\n")"}) {
    EXPECT_EQ(fault_of(text), "a string holds half of a surrogate pair at 1") << text;
    EXPECT_EQ(fault_of(text, surrogates::any), "") << text;
  }
}

TEST(reader, stops_at_128_levels) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(fault_of(nested(128)), "");
  EXPECT_EQ(fault_of(nested(129)), "it is nested deeper than 128 levels at 128");
  EXPECT_EQ(fault_of(std::string(1'000'000, '[')), "it is nested deeper than 128 levels at 128");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"a\":";
  EXPECT_EQ(fault_of(objects), "it is nested deeper than 128 levels at 640");
}

TEST(reader, knows_places_by_line_and_column) {
  EXPECT_EQ(place_of("{\n  \"a\": x\n}", 9), "line 2, column 8");
  EXPECT_EQ(place_of("", 0), "line 1, column 1");
  EXPECT_EQ(place_of("ab", 99), "line 1, column 3");
}

TEST(reader, gives_members_with_their_spans) {
  const std::string text = R"( { "a" : 1 , "b\n":[true,{"c":null}] ,"d": "x\"y" } )";
  reader r;
  ASSERT_TRUE(r.read(text));
  std::vector<std::string> seen;
  for (const auto& m : r.root().members())
    seen.push_back(std::string(m.name) + "|" + std::string(m.whole()) + "|" + std::string(m.value.raw()));
  EXPECT_EQ(seen, (std::vector<std::string>{R"(a|"a" : 1|1)", R"(b\n|"b\n":[true,{"c":null}]|[true,{"c":null}])",
                                            R"(d|"d": "x\"y"|"x\"y")"}));
  EXPECT_EQ(r.root().raw(), text.substr(1, text.size() - 2));
}

TEST(reader, finds_the_last_of_equal_names) {
  reader r;
  ASSERT_TRUE(r.read(R"({"a":1,"b":2,"a":3})"));
  EXPECT_EQ(r.root().find("a").whole_number(), 3);
  EXPECT_FALSE(r.root().find("c").exists());
  EXPECT_FALSE(r.root().find("c").find("d").exists());
}

TEST(reader, reads_whole_numbers_only) {
  const auto number = [](std::string_view text) {
    reader r;
    EXPECT_TRUE(r.read(text));
    return r.root().whole_number();
  };
  EXPECT_EQ(number("12"), 12);
  EXPECT_EQ(number("-7"), -7);
  EXPECT_EQ(number("12.0"), 12);
  EXPECT_EQ(number("1.2e1"), 12);
  EXPECT_EQ(number("9223372036854775807"), INT64_MAX);
  EXPECT_EQ(number("9223372036854775808"), std::nullopt);
  EXPECT_EQ(number("1e400"), std::nullopt);
  EXPECT_EQ(number("12.5"), std::nullopt);
  EXPECT_EQ(number("\"12\""), std::nullopt);
  EXPECT_EQ(number("true"), std::nullopt);
}

TEST(reader, undoes_escapes) {
  reader r;
  ASSERT_TRUE(r.read(R"("a\"\\\/\b\f\n\r\t\u00e9\u20ac\ud83d\ude00\ud83d!")", surrogates::any));
  const auto text = r.root().text();
  EXPECT_EQ(text, "a\"\\/\b\f\n\r\t\u00e9\u20ac\U0001F600\uFFFD!");
  EXPECT_EQ(unescaped_size(r.root().literal()), text.size());
  EXPECT_EQ(r.root().text_size(), text.size());
  EXPECT_TRUE(says("mod\\u0065l", "model"));
  EXPECT_FALSE(says("mod\\u0066l", "model"));
}

TEST(reader, reads_again_after_huge_and_broken_texts) {
  reader r;
  const std::string huge = "[\"" + std::string(3 << 20, 'x') + "\"]";
  EXPECT_TRUE(r.read(huge));
  EXPECT_EQ((*r.root().elements().begin()).literal().size(), 3u << 20);
  EXPECT_FALSE(r.read("[1"));
  EXPECT_TRUE(r.read("[1]"));
  EXPECT_TRUE(r.read("{\"a\":[1,2,3]}"));
  EXPECT_EQ(r.root().find("a").raw(), "[1,2,3]");
  std::string many = "[";
  for (int i = 0; i < 200'000; ++i) many += "1,";
  many += "2]";
  EXPECT_TRUE(r.read(many));
  std::size_t counted = 0;
  for ([[maybe_unused]] const auto element : r.root().elements()) ++counted;
  EXPECT_EQ(counted, 200'001u);
  EXPECT_TRUE(r.read("{\"a\":[1,2,3]}"));
  EXPECT_TRUE(r.read("7"));
  EXPECT_EQ(r.root().raw(), "7");
}

TEST(reader, reads_nothing_behind_the_text) {
  // The text ends where the page does, as far as the sanitizer is concerned: no padding is needed.
  for (std::size_t size = 2; size < 200; ++size) {
    const std::string inner(size - 2, 'a');
    const auto text = std::make_unique<char[]>(size);
    const std::string quoted = "\"" + inner + "\"";
    quoted.copy(text.get(), size);
    reader r;
    const std::string open = "[[]" + std::string(size - 2, ' ');
    const auto cut = std::make_unique<char[]>(size + 1);
    open.copy(cut.get(), size + 1);
    EXPECT_FALSE(r.read({cut.get(), size + 1}));
    EXPECT_TRUE(r.read({text.get(), size}));
    EXPECT_EQ(r.root().literal(), inner);
  }
}

TEST(reader, agrees_with_another_parser_on_mutations) {
  const std::vector<std::string> seeds{
      R"({"model":"m","messages":[{"role":"user","content":"hé\u00e9\n"}],"n":1.5e3,"stream":true,"x":null})",
      R"([[],{},[{}],"a",-0,0.1,[1,2,[3]],{"a":{"b":{"c":[]}}}])"};
  const std::string alphabet = "{}[]\",:\\ \n\t0123456789-+.eEtrufalsn\x01\x0c\x80\xc3\xa9";
  std::mt19937 random(20260801);
  reader r;
  int accepted = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string text = seeds[random() % seeds.size()];
    for (auto changes = 1 + random() % 3; changes > 0; --changes) {
      const auto at = random() % text.size();
      const char c = alphabet[random() % alphabet.size()];
      switch (random() % 3) {
        case 0:
          text[at] = c;
          break;
        case 1:
          text.insert(at, 1, c);
          break;
        default:
          text.erase(at, 1);
      }
      if (text.empty()) text = "1";
    }
    const bool theirs = nlohmann::json::accept(text);
    ASSERT_EQ(r.read(text), theirs) << text;
    accepted += theirs ? 1 : 0;
  }
  EXPECT_GT(accepted, 1000);
}

TEST(bom, is_no_part_of_the_text) {
  EXPECT_EQ(without_bom("\xEF\xBB\xBF{}"), "{}");
  EXPECT_EQ(without_bom("{}"), "{}");
  EXPECT_NE(fault_of("\xEF\xBB\xBF{}"), "");
}

}  // namespace
}  // namespace spidergate::json
