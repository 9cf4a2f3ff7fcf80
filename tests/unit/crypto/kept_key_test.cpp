#include <spidergate/crypto/aead.hpp>
#include <spidergate/crypto/kept_key.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace spidergate::crypto {
namespace {

TEST(kept_key, opens_what_it_has_sealed_and_nothing_else) {
  const kept_key mine(system_random()), other(system_random());
  const std::string plain = R"({"api_key":"sk-something"})";
  auto sealed = mine.seal(plain);
  EXPECT_EQ(sealed.find("sk-"), std::string::npos);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(mine.open(sealed));
    EXPECT_EQ(mine.open(sealed)->reveal(), plain);
    EXPECT_FALSE(other.open(sealed)) << "the thread's cipher is keyed anew for another object";
  }
  EXPECT_NE(mine.seal(plain), sealed) << "no nonce comes twice";
  for (auto& byte : sealed) {
    byte = static_cast<char>(byte ^ 1);
    EXPECT_FALSE(mine.open(sealed));
    byte = static_cast<char>(byte ^ 1);
  }
  EXPECT_FALSE(mine.open(sealed.substr(1)));
  EXPECT_FALSE(mine.open("short"));
  EXPECT_TRUE(mine.open(mine.seal("")));
}

TEST(kept_key, serves_several_threads_at_once) {
  const kept_key mine(system_random());
  const auto sealed = mine.seal("the plain text");
  std::vector<std::thread> threads;
  std::atomic<int> opened{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) opened += mine.open(sealed) && mine.open(mine.seal("x"))->reveal() == "x" ? 1 : 0;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(opened.load(), 800);
}

TEST(kept_key, seals_texts_of_any_length) {
  const kept_key mine(system_random());
  for (const std::size_t size : {0U, 1U, 15U, 16U, 17U, 239U, 240U, 241U, 256U, 495U, 496U, 497U, 5000U}) {
    std::string plain;
    for (std::size_t i = 0; i < size; ++i) plain += static_cast<char>(i * 7 + i / 256);
    const auto sealed = mine.seal(plain);
    ASSERT_TRUE(mine.open(sealed)) << size;
    EXPECT_EQ(mine.open(sealed)->reveal(), plain) << size;
  }
}

TEST(kept_key, never_uses_a_block_of_its_key_stream_twice) {
  const kept_key mine(system_random());
  std::set<std::string> blocks;
  for (int i = 0; i < 4; ++i) {
    // What zeros are sealed to is the key stream itself.
    const auto sealed = mine.seal(std::string(1024, '\0'));
    const auto stream = sealed.substr(nonce_bytes, 1024);
    for (std::size_t at = 0; at < stream.size(); at += 16) EXPECT_TRUE(blocks.insert(stream.substr(at, 16)).second);
  }
}

}  // namespace
}  // namespace spidergate::crypto
