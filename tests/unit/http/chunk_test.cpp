#include "chunk_decoder.hpp"
#include "cuts.hpp"

#include <gtest/gtest.h>

#include <string>

using spidergate::http::chunk_decoder;
using progress = chunk_decoder::progress;
using namespace std::string_literals;

namespace {

struct decoded {
  progress state;
  std::string payload;
  std::size_t consumed = 0;
  bool operator==(const decoded&) const = default;
};

decoded decode(const std::vector<std::string_view>& pieces, std::uint64_t limit) {
  chunk_decoder decoder(limit);
  decoded out{progress::more, {}, 0};
  for (const auto piece : pieces) {
    std::string bytes(piece);
    const auto step = decoder.decode(bytes.data(), bytes.size());
    out.payload.append(bytes, 0, step.produced);
    out.consumed += step.consumed;
    if (decoder.state() != progress::more) break;
  }
  out.state = decoder.state();
  if (out.state == progress::malformed || out.state == progress::too_large) out.payload.clear();
  return out;
}

decoded decode_all_ways(const std::string& input, std::uint64_t limit = 1'000'000) {
  const auto whole = decode({input}, limit);
  for (const auto& pieces : spidergate::testing::all_cuts(input)) {
    EXPECT_EQ(decode(pieces, limit), whole) << "cut into " << pieces.size() << " pieces: " << input;
  }
  return whole;
}

TEST(chunked_body, payload_comes_out_and_what_follows_stays) {
  const auto out =
      decode_all_ways("5\r\nhello\r\n6;name=\"a b\"\r\n world\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\nGET / HTTP/1.1\r\n");
  EXPECT_EQ(out.state, progress::done);
  EXPECT_EQ(out.payload, "hello world");
  EXPECT_EQ(out.consumed, "5\r\nhello\r\n6;name=\"a b\"\r\n world\r\n0\r\nX-Sum: 1\r\nY:\r\n\r\n"s.size());
}

TEST(chunked_body, good_forms) {
  EXPECT_EQ(decode_all_ways("0\r\n\r\n").payload, "");
  EXPECT_EQ(decode_all_ways("0\r\n\r\n").state, progress::done);
  EXPECT_EQ(decode_all_ways("000a\r\n0123456789\r\n00\r\n\r\n").payload, "0123456789");
  EXPECT_EQ(decode_all_ways("A\r\n0123456789\r\n0\r\n\r\n").payload, "0123456789");
  EXPECT_EQ(decode_all_ways("3\r\n\r\n\0\r\n0\r\n\r\n"s).payload, "\r\n\0"s);
}

TEST(chunked_body, every_attack_is_refused_however_it_is_cut) {
  const std::pair<const char*, std::string> attacks[] = {
      {"empty_size", "\r\nhello"},
      {"plus", "+5\r\nhello\r\n"},
      {"minus", "-5\r\nhello\r\n"},
      {"hex_prefix", "0x5\r\nhello\r\n"},
      {"underscore", "1_0\r\nhello"},
      {"letter", "g\r\n"},
      {"leading_blank", " 5\r\nhello\r\n"},
      {"trailing_blank", "5 \r\nhello\r\n"},
      {"trailing_tab", "5\t\r\nhello\r\n"},
      {"comma", "5,5\r\nhello\r\n"},
      {"bare_lf", "5\nhello\r\n"},
      {"bare_cr", "5\rhello\r\n"},
      {"seventeen_digits", "00000000000000005\r\nhello\r\n"},
      {"nul_in_size", "5\0\r\nhello\r\n"s},
      {"bare_lf_in_extension", "5;a=\n\r\nhello\r\n"},
      {"bare_cr_in_extension", "5;a=\rb\r\nhello\r\n"},
      {"nul_in_extension", "5;\0\r\nhello\r\n"s},
      {"control_byte_in_extension", "5;a=\x01\r\nhello\r\n"},
      {"extension_too_long", "5;" + std::string(chunk_decoder::max_line_bytes, 'a') + "\r\nhello\r\n"},
      {"data_longer_than_stated", "4\r\nhello\r\n0\r\n\r\n"},
      {"data_ended_by_lf", "5\r\nhello\n0\r\n\r\n"},
      {"data_ended_by_cr_only", "5\r\nhello\rx0\r\n\r\n"},
      {"trailer_without_colon", "0\r\nX\r\n\r\n"},
      {"trailer_fold", "0\r\nX: a\r\n b\r\n\r\n"},
      {"trailer_blank_before_colon", "0\r\nX : a\r\n\r\n"},
      {"trailer_bare_lf", "0\r\nX: a\n\r\n"},
      {"trailer_nul", "0\r\nX: \0\r\n\r\n"s},
      {"trailer_empty_name", "0\r\n: a\r\n\r\n"},
      {"trailer_too_long", "0\r\nX: " + std::string(chunk_decoder::max_trailer_bytes, 'a') + "\r\n\r\n"},
      {"end_with_bare_lf", "0\r\n\n"},
      {"end_with_cr_cr", "0\r\n\r\r"},
  };
  for (const auto& [name, bytes] : attacks) EXPECT_EQ(decode_all_ways(bytes).state, progress::malformed) << name;
}

TEST(chunked_body, sizes_beyond_the_limit_are_refused_before_their_data) {
  EXPECT_EQ(decode_all_ways("5\r\nhello\r\n0\r\n\r\n", 5).state, progress::done);
  EXPECT_EQ(decode_all_ways("6\r\n", 5).state, progress::too_large);
  EXPECT_EQ(decode_all_ways("5\r\nhello\r\n1\r\n", 5).state, progress::too_large);
  EXPECT_EQ(decode_all_ways("ffffffffffffffff\r\n").state, progress::too_large);
  EXPECT_EQ(decode_all_ways("1\r\nx\r\nffffffffffffffff\r\n").state, progress::too_large);
}

TEST(chunked_body, one_byte_chunks_are_fine_but_not_behind_long_extensions) {
  std::string honest;
  std::string wasteful;
  for (int i = 0; i < 20'000; ++i) honest += "1\r\nx\r\n";
  for (int i = 0; i < 100; ++i) wasteful += "1;" + std::string(200, 'a') + "\r\nx\r\n";
  const std::vector<std::string_view> one{honest};
  EXPECT_EQ(decode(one, 1'000'000).state, progress::more);
  EXPECT_EQ(decode_all_ways(wasteful).state, progress::malformed);
}

TEST(chunked_body, an_unfinished_body_waits_for_more) {
  const auto good = "5;a\r\nhello\r\n0\r\nX: y\r\n\r\n"s;
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(decode({std::string_view(good).substr(0, size)}, 100).state, progress::more) << size;
  }
}

}  // namespace
