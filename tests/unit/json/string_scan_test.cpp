#include "string_scan.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>

namespace spidergate::json {
namespace {

std::size_t byte_by_byte(std::string_view text, std::size_t from) {
  while (from < text.size() && text[from] != '"' && text[from] != '\\' &&
         static_cast<unsigned char>(text[from]) >= 0x20)
    ++from;
  return from;
}

template <class Block>
class string_scan_of : public testing::Test {};
using blocks = testing::Types<word_block, block>;
TYPED_TEST_SUITE(string_scan_of, blocks);

TYPED_TEST(string_scan_of, stops_where_a_look_at_each_byte_does) {
  const std::string rare = "\"\\\x1f\x01\n";
  std::mt19937 random(20261121);
  for (std::size_t size = 0; size < 300; ++size) {
    // On the heap and of the exact size, so that the sanitizer sees a look behind it.
    const auto bytes = std::make_unique<char[]>(size);
    bool ascii = true;
    for (std::size_t i = 0; i < size; ++i) {
      bytes[i] = random() % 40 == 0 ? rare[random() % rare.size()] : static_cast<char>(0x20 + random() % 0x60);
      if (bytes[i] == '"' || bytes[i] == '\\') bytes[i] = random() % 8 == 0 ? '"' : 'a';
      if (size % 3 == 0 && random() % 64 == 0) bytes[i] = '\xA2';
      ascii = ascii && static_cast<unsigned char>(bytes[i]) < 0x80;
    }
    const std::string_view text(bytes.get(), size);
    string_scan<TypeParam> scan(text);
    for (std::size_t from = 0; from <= size; ++from) {
      const auto expected = byte_by_byte(text, from);
      ASSERT_EQ(static_cast<std::size_t>(scan.next_stop(text.data() + from) - text.data()), expected) << from;
      const char* near = scan.near_stop(text.data() + from);
      if (near != nullptr) ASSERT_EQ(static_cast<std::size_t>(near - text.data()), expected);
    }
    if (ascii) EXPECT_FALSE(scan.beyond_ascii());
  }
}

TYPED_TEST(string_scan_of, sees_every_byte_beyond_ascii) {
  for (std::size_t size = 1; size < 150; ++size) {
    for (std::size_t odd = 0; odd < size; ++odd) {
      std::string text(size, 'a');
      text[odd] = '\xC3';
      string_scan<TypeParam> scan(text);
      EXPECT_EQ(scan.next_stop(text.data()), text.data() + size);
      EXPECT_TRUE(scan.beyond_ascii()) << size << " " << odd;
    }
  }
}

}  // namespace
}  // namespace spidergate::json
