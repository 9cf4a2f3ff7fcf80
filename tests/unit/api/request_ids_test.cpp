#include "request_ids.hpp"

#include "manual_clock.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace spidergate::api {
namespace {

TEST(request_ids, sort_by_time_and_never_repeat) {
  testing::manual_clock time;
  request_ids ids(crypto::system_random(), time);
  std::set<std::string> seen;
  std::string last;
  for (int i = 0; i < 1000; ++i) {
    const auto id = ids.next();
    EXPECT_EQ(id.size(), 26U);
    EXPECT_TRUE(id.starts_with("req_"));
    EXPECT_EQ(id, valid_client_id(id)) << "an id of ours is one that we would echo";
    EXPECT_TRUE(seen.insert(id).second);
    if (i % 100 == 0) {
      EXPECT_LT(last, id);
      last = id;
      time.advance(std::chrono::milliseconds(1));
    }
  }
}

TEST(request_ids, of_two_workers_differ_at_the_same_moment) {
  testing::manual_clock time;
  request_ids one(crypto::system_random(), time);
  request_ids other(crypto::system_random(), time);
  EXPECT_NE(one.next(), other.next());
}

TEST(valid_client_id, is_short_and_printable) {
  EXPECT_EQ(valid_client_id("abc-1.2:3_4"), "abc-1.2:3_4");
  EXPECT_EQ(valid_client_id("a b"), "");
  EXPECT_EQ(valid_client_id("a\r\nb"), "");
  EXPECT_EQ(valid_client_id(std::string(129, 'a')), "");
  EXPECT_EQ(valid_client_id(""), "");
}

}  // namespace
}  // namespace spidergate::api
