#include <spidergate/runtime/detail/block_cache.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <malloc.h>
#include <set>
#include <vector>

namespace spidergate::runtime::detail {
namespace {

void* block_of(std::size_t bytes) {
  return std::malloc(block_cache::rounded(bytes));
}

TEST(block_cache, gives_what_it_keeps_to_who_asks_for_that_size) {
  block_cache cache;
  cache.open();
  auto* const block = block_of(30);
  ASSERT_TRUE(cache.keep(block, 30));
  EXPECT_EQ(cache.take(24), nullptr) << "smaller ones have blocks of their own";
  EXPECT_EQ(cache.take(41), nullptr);
  EXPECT_EQ(cache.take(40), block);
  EXPECT_EQ(cache.take(40), nullptr);
  ASSERT_TRUE(cache.keep(block, 25));
  cache.close();
}

TEST(block_cache, a_block_is_large_enough_for_all_that_it_is_given_for) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "this program's malloc() is not the one that the cache stands before";
#endif
#endif
  for (std::size_t bytes = 0; bytes <= block_cache::largest; ++bytes) {
    ASSERT_GE(block_cache::rounded(bytes), bytes);
    auto* const block = std::malloc(bytes);  // by an `operator new` that does not round
    ASSERT_GE(malloc_usable_size(block), block_cache::rounded(bytes)) << bytes;
    std::free(block);
  }
}

TEST(block_cache, keeps_a_bounded_number_of_a_size_and_nothing_large) {
  block_cache cache;
  cache.open();
  std::vector<void*> blocks;
  std::size_t kept = 0;
  for (;;) {
    auto* const block = block_of(100);
    if (!cache.keep(block, 100)) {
      std::free(block);
      break;
    }
    ++kept;
  }
  EXPECT_EQ(kept, block_cache::most_bytes / block_cache::rounded(100));
  std::set<void*> given;
  while (auto* const block = cache.take(100)) given.insert(block);
  EXPECT_EQ(given.size(), kept);
  for (auto* const block : given) std::free(block);
  auto* const large = std::malloc(block_cache::largest + 1);
  EXPECT_FALSE(cache.keep(large, block_cache::largest + 1));
  EXPECT_EQ(cache.take(block_cache::largest + 1), nullptr);
  EXPECT_EQ(cache.take(static_cast<std::size_t>(-1)), nullptr);
  std::free(large);
}

TEST(block_cache, keeps_nothing_before_it_is_opened_and_after_it_was_closed) {
  block_cache cache;
  auto* const block = block_of(64);
  EXPECT_TRUE(cache.is_new());
  EXPECT_FALSE(cache.keep(block, 64));
  cache.open();
  EXPECT_FALSE(cache.is_new());
  EXPECT_TRUE(cache.keep(block, 64));
  cache.close();
  EXPECT_EQ(cache.take(64), nullptr);
  cache.open();
  auto* const other = block_of(64);
  EXPECT_FALSE(cache.keep(other, 64)) << "the thread has ended";
  std::free(other);
}

}  // namespace
}  // namespace spidergate::runtime::detail
