#include "redis/calls.hpp"
#include "redis/codec.hpp"

#include <boost/system/errc.hpp>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace spidergate::kv::redis {
namespace {

std::vector<reply> decoded(reply_decoder& by, std::string_view bytes) {
  std::vector<reply> all;
  EXPECT_TRUE(by.feed(bytes));
  for (;;) {
    auto next = by.next();
    if (!next || !*next) {
      EXPECT_TRUE(next.has_value()) << bytes;
      return all;
    }
    all.push_back(std::move(**next));
  }
}

const std::string every_kind =
    "+OK\r\n-NOSCRIPT No matching "
    "script\r\n:-7\r\n$5\r\na\r\nbc\r\n$-1\r\n*3\r\n:1\r\n:9007199254740992\r\n$-1\r\n*0\r\n";

void expect_every_kind(const std::vector<reply>& all) {
  using kind = reply::kind;
  ASSERT_EQ(all.size(), 7U);
  EXPECT_EQ(all[0].text, "OK");
  EXPECT_TRUE(all[1].refused_with("NOSCRIPT"));
  EXPECT_EQ(all[2].numbers.at(0), -7);
  EXPECT_EQ(all[3].text, "a\r\nbc");
  EXPECT_EQ(all[4].what, kind::nil);
  EXPECT_EQ(all[5].what, kind::list);
  EXPECT_EQ((std::vector<std::int64_t>(all[5].numbers.begin(), all[5].numbers.end())),
            (std::vector<std::int64_t>{1, 9'007'199'254'740'992, 0}));
  EXPECT_EQ(all[6].what, kind::list);
  EXPECT_TRUE(all[6].numbers.empty());
}

TEST(redis_codec, reads_every_kind_of_reply) {
  reply_decoder decoder;
  expect_every_kind(decoded(decoder, every_kind));
}

TEST(redis_codec, reads_the_same_whatever_the_cuts) {
  std::mt19937 random(7);
  for (int round = 0; round < 500; ++round) {
    reply_decoder decoder;
    std::vector<reply> all;
    for (std::size_t at = 0; at < every_kind.size();) {
      const auto size = std::min<std::size_t>(every_kind.size() - at, 1 + random() % (round % 2 == 0 ? 1 : 9));
      for (auto& one : decoded(decoder, std::string_view(every_kind).substr(at, size))) all.push_back(std::move(one));
      at += size;
    }
    expect_every_kind(all);
  }
}

TEST(redis_codec, garbage_is_an_error_or_nothing_yet_and_never_more) {
  std::mt19937 random(11);
  const std::string_view letters = "+-:$*0123456789\r\nab";
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = round % 2 == 0 ? every_kind : std::string();
    for (int i = 0; i < 6; ++i) {
      const auto at = bytes.empty() ? 0 : random() % bytes.size();
      bytes.insert(at, 1, letters[random() % letters.size()]);
    }
    reply_decoder decoder;
    if (!decoder.feed(bytes)) continue;
    for (int i = 0; i < 100; ++i) {
      const auto next = decoder.next();
      if (!next || !*next) break;
    }
  }
}

TEST(redis_codec, reply_that_does_not_end_is_given_up) {
  reply_decoder decoder;
  ASSERT_TRUE(decoder.feed("$400000000\r\n"));
  const std::string part(16 * 1024, 'x');
  std::size_t fed = 0;
  for (;;) {
    const auto taken = decoder.feed(part);
    if (!taken) {
      EXPECT_EQ(taken.error(), boost::system::errc::message_size);
      break;
    }
    fed += part.size();
    ASSERT_LE(fed, reply_decoder::max_reply_bytes);
    ASSERT_FALSE(decoder.next()->has_value());
  }
}

TEST(redis_codec, many_small_replies_are_no_large_one) {
  reply_decoder decoder;
  for (std::size_t fed = 0; fed < 4 * reply_decoder::max_reply_bytes; fed += 5) {
    ASSERT_EQ(decoded(decoder, "+OK\r\n").size(), 1U);
  }
}

TEST(redis_codec, list_of_more_items_than_any_answer_has_is_refused_before_it_comes) {
  reply_decoder decoder;
  ASSERT_TRUE(decoder.feed("*2147483647\r\n"));
  EXPECT_FALSE(decoder.next());
}

TEST(redis_codec, list_of_anything_but_numbers_is_malformed) {
  for (const std::string_view bytes : {"*1\r\n+a\r\n", "*1\r\n-ERR x\r\n", "*1\r\n*1\r\n:1\r\n"}) {
    reply_decoder decoder;
    ASSERT_TRUE(decoder.feed(bytes));
    EXPECT_FALSE(decoder.next()) << bytes;
  }
}

TEST(redis_codec, words_are_written_with_their_length_whatever_is_in_them) {
  std::string out;
  append_head(out, 2);
  append_word(out, "a\r\nb");
  append_word(out, std::int64_t{-12});
  append_word_of(out, {"x", "", "yz"});
  EXPECT_EQ(out, "*2\r\n$4\r\na\r\nb\r\n$3\r\n-12\r\n$3\r\nxyz\r\n");
}

reply list_of(std::initializer_list<std::int64_t> numbers) {
  reply made;
  made.what = reply::kind::list;
  made.numbers.assign(numbers.begin(), numbers.end());
  return made;
}

TEST(redis_answers, answer_of_another_form_is_malformed) {
  EXPECT_TRUE(verdict_in(list_of({5, 1, 0, 0, 0, 0, 0, 3, 99}), 1));
  EXPECT_FALSE(verdict_in(list_of({5, 1, 0, 0, 0, 0, 0, 3, 99}), 2)) << "a level is missing";
  EXPECT_FALSE(verdict_in(list_of({5, 0, 1, 0, 0, 0, 0, 3, 99}), 1)) << "refused by a charge that there is not";
  EXPECT_FALSE(verdict_in(list_of({5, 0, 0, 0, 0, 0, 1, 1, 3, 99}), 1)) << "unseeded is a charge that there is not";
  EXPECT_FALSE(verdict_in(list_of({5, 0, 0, 0, 0, 0, -1, 3, 99}), 1));
  EXPECT_FALSE(verdict_in(list_of({}), 0));
  EXPECT_FALSE(generation_in(list_of({})));
  std::vector<pick_mirror> mirrors(1);
  EXPECT_TRUE(pick_in(list_of({5, 0, 1, 4, 9}), 1, mirrors)->found);
  EXPECT_FALSE(pick_in(list_of({5, -1, 0, 4, 9}), 1, mirrors)->found);
  EXPECT_FALSE(pick_in(list_of({5, 1, 1, 4, 9}), 1, mirrors));
  EXPECT_FALSE(pick_in(list_of({5, 0, 1, 4}), 1, mirrors));
}

TEST(redis_answers, limit_that_lua_cannot_hold_exactly_is_cut) {
  const call_maker calls("sg:");
  const charge huge{"bud:a", window_kind::budget, 1000, std::int64_t{1} << 60, 1, 0, 0};
  std::string out;
  calls.admit("req_1", {&huge, 1}, 0, 1).append_to(out, true);
  EXPECT_NE(out.find("9007199254740992"), std::string::npos);
  EXPECT_EQ(out.find("1152921504606846976"), std::string::npos);
}

}  // namespace
}  // namespace spidergate::kv::redis
