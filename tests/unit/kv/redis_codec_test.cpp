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
    "script\r\n:-7\r\n$5\r\na\r\nbc\r\n$-1\r\n$0\r\n\r\n";

void expect_every_kind(const std::vector<reply>& all) {
  using kind = reply::kind;
  ASSERT_EQ(all.size(), 6U);
  EXPECT_EQ(all[0].text, "OK");
  EXPECT_TRUE(all[1].refused_with("NOSCRIPT"));
  EXPECT_EQ(all[2].number, -7);
  EXPECT_EQ(all[3].text, "a\r\nbc");
  EXPECT_EQ(all[4].what, kind::nil);
  EXPECT_EQ(all[5].what, kind::text);
  EXPECT_EQ(all[5].text, "");
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

TEST(redis_codec, list_is_malformed_before_its_items_come) {
  for (const std::string_view bytes : {"*2147483647\r\n", "*0\r\n", "*1\r\n:1\r\n"}) {
    reply_decoder decoder;
    ASSERT_TRUE(decoder.feed(bytes));
    EXPECT_FALSE(decoder.next()) << bytes;
  }
}

TEST(redis_codec, words_are_written_with_their_length_whatever_is_in_them) {
  std::string out;
  append_head(out, 2);
  append_word(out, "a\r\nb");
  append_word(out, "");
  EXPECT_EQ(out, "*2\r\n$4\r\na\r\nb\r\n$0\r\n\r\n");
}

reply list_of(std::initializer_list<std::int64_t> numbers) {
  reply made;
  made.what = reply::kind::text;
  made.text.resize(numbers.size() * packed_number_bytes);
  auto* at = made.text.data();
  for (const auto one : numbers) at = pack_number(at, one);
  return made;
}

TEST(redis_codec, numbers_are_packed_as_doubles_with_the_lowest_byte_first_and_cut_where_those_count_no_further) {
  EXPECT_EQ(list_of({1}).text, std::string("\0\0\0\0\0\0\xf0\x3f", 8));
  constexpr auto most = std::int64_t{1} << 53;
  const auto packed = list_of({0, -7, most - 1, most + 2, -most - 2});
  const auto numbers = packed_numbers::in(packed);
  ASSERT_TRUE(numbers);
  ASSERT_EQ(numbers->size(), 5U);
  EXPECT_EQ((*numbers)[0], 0);
  EXPECT_EQ((*numbers)[1], -7);
  EXPECT_EQ((*numbers)[2], most - 1);
  EXPECT_EQ((*numbers)[3], most);
  EXPECT_EQ((*numbers)[4], -most);
}

TEST(redis_codec, answer_that_is_none_of_packed_numbers_is_none) {
  EXPECT_FALSE(packed_numbers::in(reply()));
  EXPECT_FALSE(packed_numbers::in({.what = reply::kind::text, .text = "OK"}));
  EXPECT_FALSE(packed_numbers::in({.what = reply::kind::error, .text = "ERRORERR"}));
  EXPECT_FALSE(packed_numbers::in({.what = reply::kind::text, .text = std::string(8, '\xff')})) << "not a number";
  EXPECT_FALSE(packed_numbers::in({.what = reply::kind::text, .text = {"\0\0\0\0\0\0\xf0\x7f", 8}})) << "infinite";
}

TEST(redis_calls, call_is_sent_by_name_or_with_its_text) {
  const call_maker calls("sg:");
  std::string named, told;
  auto call = calls.beat(1);
  call.append_to(named, true);
  call.append_to(told, false);
  const std::string words = "$1\r\n1\r\n$13\r\nsg:generation\r\n$8\r\n" + list_of({1}).text + "\r\n";
  EXPECT_EQ(named, "*5\r\n$7\r\nEVALSHA\r\n$40\r\n" + beat_script().sha1 + "\r\n" + words);
  const auto& text = beat_script().text;
  EXPECT_EQ(told, "*5\r\n$4\r\nEVAL\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n" + words);
}

TEST(redis_calls, settlement_says_when_it_may_be_a_repetition) {
  const call_maker calls("sg:");
  const settlement one{{"rpm:a", window_kind::sliding, 60'000, 10, 1}, 2};
  auto call = calls.settle({"req_1", {&one, 1}, 1, 2, 4}, 3);
  std::string first, second;
  call.append_to(first, true);
  EXPECT_TRUE(first.ends_with("\r\n$1\r\n0\r\n"));
  call.mark_repeated();
  call.append_to(second, true);
  EXPECT_TRUE(second.ends_with("\r\n$1\r\n1\r\n"));
}

TEST(redis_calls, settlements_that_go_together_name_a_key_once) {
  const call_maker calls("sg:");
  settlement_batch batch(calls);
  const settlement first[] = {{{"rpm:a", window_kind::sliding, 60'000, 10, 1}, 2},
                              {{"bud:a", window_kind::budget, 1'000, 10, 1, 5'000}, 3}};
  const settlement second[] = {{{"bud:a", window_kind::budget, 1'000, 10, 4, 5'000}, 5}};
  batch.add({"req_1", first, 10, 11, 12});
  batch.add({"req_2", second, 20, 21, 22});
  EXPECT_EQ(batch.size(), 2U);
  std::string said;
  batch.take(7).append_to(said, true);
  EXPECT_EQ(batch.size(), 0U);
  const auto word = [](std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
  };
  const auto numbers = list_of({7,  11, 10, 12, 2, 1,     60'000, 1, 2,     60'000, 2, 4, 1'000, 1, 3, 6'000, 3,  //
                                21, 20, 22, 1,  4, 1'000, 4,      5, 6'000, 3});
  const auto words = word("4") + word("sg:generation") + word("sg:s:rpm:a") + word("sg:m:bud:a@5000") +
                     word("sg:m:bud:a@5000:x") + word(numbers.text) + word("req_1") + word("req_2") + word("0");
  EXPECT_EQ(said, "*11\r\n$7\r\nEVALSHA\r\n$40\r\n" + settle_script().sha1 + "\r\n" + words);
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
  EXPECT_NE(out.find(list_of({std::int64_t{1} << 53}).text), std::string::npos);
}

}  // namespace
}  // namespace spidergate::kv::redis
