#include "redis/endpoint.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace spidergate::kv::redis {
namespace {

TEST(redis_url, names_everything_or_little) {
  const auto full = parse_url("rediss://us%40er:p%3Ass@cache.example:7000/12");
  EXPECT_TRUE(full.tls);
  EXPECT_EQ(full.host, "cache.example");
  EXPECT_EQ(full.port, 7000);
  EXPECT_EQ(full.user, "us@er");
  EXPECT_EQ(full.password.reveal(), "p:ss");
  EXPECT_EQ(full.database, 12);

  const auto least = parse_url("redis://cache");
  EXPECT_FALSE(least.tls);
  EXPECT_EQ(least.host, "cache");
  EXPECT_EQ(least.port, 6379);
  EXPECT_TRUE(least.user.empty());
  EXPECT_TRUE(least.password.empty());
  EXPECT_EQ(least.database, 0);

  EXPECT_EQ(parse_url("redis://:secret@[::1]:6380/").host, "::1");
  EXPECT_EQ(parse_url("redis://:secret@[::1]:6380/").port, 6380);
  EXPECT_EQ(parse_url("redis://:a@b@host").password.reveal(), "a@b");
}

TEST(redis_url, what_is_wrong_is_said_without_the_password) {
  for (const std::string url :
       {"http://x", "redis://", "redis://:geheim@", "redis://:geheim@h:0", "redis://:geheim@h:70000",
        "redis://:geheim@h:1x", "redis://:geheim@h/x", "redis://:geheim@h/-1", "redis://geheim@h",
        "redis://:geheim%zz@h", "redis://:geheim%4@h", "redis://:geheim@[::1", "redis://:geheim@[::1]x"}) {
    try {
      (void)parse_url(url);
      ADD_FAILURE() << url;
    } catch (const std::runtime_error& fault) {
      EXPECT_EQ(std::string_view(fault.what()).find("geheim"), std::string_view::npos) << fault.what();
    }
  }
}

}  // namespace
}  // namespace spidergate::kv::redis
