#include "json_list.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spidergate::store {
namespace {

TEST(json_list, reads_what_it_writes_and_refuses_the_rest) {
  const std::vector<std::string> odd = {"", "a,b", "\"\\/\b\n\t\x01", "ä€😀", "]"};
  EXPECT_EQ(from_json_list(to_json_list(odd)), odd);
  EXPECT_EQ(from_json_list("[]")->size(), 0U);
  EXPECT_EQ(from_json_list(R"( [ "\u00e4\uD83D\uDE00" , "b" ] )"), (std::vector<std::string>{"ä😀", "b"}));
  for (const auto* wrong : {"", "[", "[\"a\"", "[\"a\",]", "[1]", "{}", "[\"a\"]x", "[\"\\x\"]", "[\"\\u12\"]",
                            "[\"\\uD83D\"]", "[\"a\" \"b\"]"}) {
    EXPECT_EQ(from_json_list(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace spidergate::store
