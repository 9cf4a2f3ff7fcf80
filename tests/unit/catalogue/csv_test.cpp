#include "csv.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace spidergate::catalogue {
namespace {

std::vector<std::vector<std::string>> read(std::string_view text) {
  csv_reader reader(text);
  std::vector<std::vector<std::string>> records;
  std::vector<std::string_view> fields;
  while (reader.next(fields)) records.emplace_back(fields.begin(), fields.end());
  return records;
}

using records = std::vector<std::vector<std::string>>;

TEST(csv, reads_plain_records_with_empty_fields) {
  EXPECT_EQ(read("a,b,c\n,,\nx,,z\n"), (records{{"a", "b", "c"}, {"", "", ""}, {"x", "", "z"}}));
}

TEST(csv, a_last_line_needs_no_line_end) {
  EXPECT_EQ(read("a,b\nc,d"), (records{{"a", "b"}, {"c", "d"}}));
}

TEST(csv, carriage_returns_belong_to_the_line_end) {
  EXPECT_EQ(read("a,b\r\n\"c\",d\r\n"), (records{{"a", "b"}, {"c", "d"}}));
}

TEST(csv, quoted_fields_hold_commas_line_ends_and_doubled_quotes) {
  EXPECT_EQ(read("\"a,b\",\"c\nd\",\"say \"\"hi\"\"\",\"\"\n"), (records{{"a,b", "c\nd", "say \"hi\"", ""}}));
}

TEST(csv, an_open_quote_runs_to_the_end) {
  EXPECT_EQ(read("a,\"b,c\n"), (records{{"a", "b,c\n"}}));
  EXPECT_EQ(read("\""), (records{{""}}));
  EXPECT_EQ(read("\"a\"\""), (records{{"a\""}}));
}

TEST(csv, nothing_gives_no_record) {
  EXPECT_TRUE(read("").empty());
}

TEST(csv, a_table_finds_columns_by_name) {
  csv_table table("id,name\n1,one\n");
  const auto name = table.column("name");
  EXPECT_THROW((void)table.column("nme"), std::logic_error);
  ASSERT_TRUE(table.next());
  EXPECT_EQ(table[name], "one");
  EXPECT_FALSE(table.next());
}

TEST(csv, a_record_of_another_width_is_refused) {
  csv_table table("id,name\n1\n");
  EXPECT_THROW((void)table.next(), std::logic_error);
}

}  // namespace
}  // namespace spidergate::catalogue
