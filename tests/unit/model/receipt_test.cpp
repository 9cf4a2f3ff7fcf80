#include "checksum.hpp"

#include <spidergate/model/receipt.hpp>

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

namespace spidergate::model {
namespace {

receipt sample() {
  receipt r;
  r.request_id = "req_1";
  r.timestamp = 1'763'692'740'123;
  r.brand_id = "brd_1", r.client_id = "cli_1", r.token_id = "tok_1";
  r.endpoint = "chat";
  r.streamed = true;
  r.requested_model = "spideriq/chat";
  r.alias = "spideriq/chat";
  r.strategy = "alias";
  r.candidates_evaluated = 4;
  r.reason = "first of the chain";
  r.provider = "groq", r.model = "llama-3.3-70b-versatile";
  r.latency_ms = 812, r.time_to_first_token_ms = 95, r.routing_overhead_us = 412;
  r.tokens.prompt = 120, r.tokens.cached = 20, r.tokens.completion = 40, r.tokens.reasoning = 5;
  r.cost = money{102'400};
  r.attempts = {
      {"mistral", "mistral-small-latest", "int_1", "main", 1'763'692'740'124, 30, 503, "overloaded: busy", {}},
      {"groq", "llama-3.3-70b-versatile", "", "", 1'763'692'740'160, 700, 200, "", r.tokens}};
  r.fallback_used = true;
  r.fallback_from = "mistral/mistral-small-latest";
  r.dropped_params = {"logit_bias"};
  r.status = "ok";
  r.http_status = 200;
  r.tags = {"a", "b\"c"};
  r.metadata = R"({"job":7})";
  return r;
}

std::string encoded(const receipt& r) {
  std::string bytes;
  encode(r, bytes);
  return bytes;
}

TEST(receipt_json, compact_has_exactly_the_five_members) {
  EXPECT_EQ(compact_json(sample()),
            R"({"request_id":"req_1","routing_decision":"groq/llama-3.3-70b-versatile","cost_usd":0.0001024,)"
            R"("latency_ms":812,"fallback_used":true})");
}

TEST(receipt_json, compact_says_null_when_nobody_served) {
  receipt r;
  r.request_id = "req_2";
  EXPECT_EQ(compact_json(r),
            R"({"request_id":"req_2","routing_decision":null,"cost_usd":0,"latency_ms":0,"fallback_used":false})");
}

TEST(receipt_json, compact_is_fit_for_a_header_whatever_the_model_is_called) {
  receipt r;
  r.provider = "groq";
  r.model = "ü\x7f\r\n\xff😀";
  const auto json = compact_json(r);
  for (const char c : json) EXPECT_TRUE(c >= 0x20 && c < 0x7f) << json;
  EXPECT_NE(json.find("\\u00fc\\u007f\\r\\n\\ufffd\\ud83d\\ude00"), std::string::npos) << json;
}

TEST(receipt_json, full_has_the_shape_of_the_spec) {
  EXPECT_EQ(
      full_json(sample()),
      R"({"request_id":"req_1","timestamp":"2025-11-21T02:39:00.123Z","endpoint":"chat","streamed":true,)"
      R"("requested_model":"spideriq/chat","alias":"spideriq/chat",)"
      R"("routing":{"strategy":"alias","candidates_evaluated":4,"winner":"groq/llama-3.3-70b-versatile",)"
      R"("reason":"first of the chain"},)"
      R"("execution":{"provider":"groq","model":"llama-3.3-70b-versatile","latency_ms":812,"time_to_first_token_ms":95,)"
      R"("routing_overhead_ms":0.412,"tokens":{"prompt":120,"cached":20,"cache_written":0,"completion":40,"reasoning":5,)"
      R"("total":160,"estimated":false}},)"
      R"("cost":{"provider_cost_usd":0.0001024,"total_usd":0.0001024,"savings_vs_default_usd":null},)"
      R"("fallback":{"used":true,"from":"mistral/mistral-small-latest","attempts":[)"
      R"({"provider":"mistral","model":"mistral-small-latest","key_label":"main","started_at":"2025-11-21T02:39:00.124Z",)"
      R"("latency_ms":30,"status":503,"error":"overloaded: busy","tokens":{"prompt":0,"cached":0,"cache_written":0,)"
      R"("completion":0,"reasoning":0,"total":0,"estimated":false}},)"
      R"({"provider":"groq","model":"llama-3.3-70b-versatile","key_label":null,"started_at":"2025-11-21T02:39:00.160Z",)"
      R"("latency_ms":700,"status":200,"error":null,"tokens":{"prompt":120,"cached":20,"cache_written":0,"completion":40,)"
      R"("reasoning":5,"total":160,"estimated":false}}]},)"
      R"("cache":{"status":"off"},"guardrails":[],"dropped_params":["logit_bias"],"status":"ok","http_status":200,)"
      R"("error_code":null,"client_id":"cli_1","token_id":"tok_1","tags":["a","b\"c"],"metadata":{"job":7}})");
}

TEST(receipt_json, an_unknown_cost_is_null_not_zero) {
  receipt r;
  r.cost_known = false;
  EXPECT_NE(full_json(r).find(R"("provider_cost_usd":null,"total_usd":0)"), std::string::npos);
}

TEST(receipt_json, sound_and_images_show_only_where_there_are_some) {
  receipt r;
  EXPECT_EQ(full_json(r).find("audio"), std::string::npos);
  EXPECT_EQ(full_json(r).find("images"), std::string::npos);
  r.tokens.prompt = 11, r.tokens.audio_prompt = 7, r.tokens.completion = 20, r.tokens.audio_completion = 15;
  r.tokens.images = 2;
  EXPECT_NE(full_json(r).find(R"("tokens":{"prompt":11,"cached":0,"cache_written":0,"completion":20,"reasoning":0,)"
                              R"("audio_prompt":7,"audio_completion":15,"images":2,"total":31,"estimated":false})"),
            std::string::npos)
      << full_json(r);
}

TEST(receipt_json, overhead_in_milliseconds_is_exact) {
  const std::pair<std::int64_t, std::string_view> cases[] = {
      {0, "0"}, {1, "0.001"}, {50, "0.05"}, {3000, "3"}, {12'340, "12.34"}};
  for (const auto& [us, text] : cases) {
    receipt r;
    r.routing_overhead_us = us;
    const auto expected = "\"routing_overhead_ms\":" + std::string(text) + ",";
    EXPECT_NE(full_json(r).find(expected), std::string::npos) << us;
  }
}

TEST(receipt_json, a_trace_never_names_the_integration) {
  const auto trace = route_trace_json(sample());
  EXPECT_EQ(trace.find("int_1"), std::string::npos);
  EXPECT_EQ(trace.front(), '[');
  EXPECT_EQ(route_trace_json(receipt{}), "[]");
}

TEST(receipt_bytes, decode_gives_back_what_encode_was_given) {
  const auto bytes = encoded(sample());
  receipt r;
  ASSERT_TRUE(decode(bytes, r));
  EXPECT_EQ(full_json(r), full_json(sample()));
  EXPECT_EQ(encoded(r), bytes);
  EXPECT_EQ(r.brand_id, "brd_1");
  EXPECT_EQ(r.attempts[0].integration_id, "int_1");
}

/// What decode_columns() should read of what decode() reads.
void expect_columns_of(const receipt& r, const receipt_columns& c) {
  EXPECT_EQ(c.request_id, r.request_id);
  EXPECT_EQ(c.timestamp, r.timestamp);
  EXPECT_EQ(c.brand_id, r.brand_id);
  EXPECT_EQ(c.client_id, r.client_id);
  EXPECT_EQ(c.token_id, r.token_id);
  EXPECT_EQ(c.requested_model, r.requested_model);
  EXPECT_EQ(c.alias, r.alias);
  EXPECT_EQ(c.provider, r.provider);
  EXPECT_EQ(c.model, r.model);
  EXPECT_EQ(c.prompt_tokens, r.tokens.prompt);
  EXPECT_EQ(c.cached_tokens, r.tokens.cached);
  EXPECT_EQ(c.completion_tokens, r.tokens.completion);
  EXPECT_EQ(c.reasoning_tokens, r.tokens.reasoning);
  EXPECT_EQ(c.cost, r.cost);
  EXPECT_EQ(c.status, r.status);
}

TEST(receipt_bytes, columns_are_those_of_the_whole) {
  const auto bytes = encoded(sample());
  receipt_columns c;
  ASSERT_TRUE(decode_columns(bytes, c));
  expect_columns_of(sample(), c);
  EXPECT_EQ(c.provider, "groq");
  EXPECT_EQ(c.prompt_tokens, 120);
}

TEST(receipt_bytes, encode_appends) {
  std::string out = "before";
  encode(sample(), out);
  EXPECT_EQ(out, "before" + encoded(sample()));
}

TEST(receipt_bytes, every_count_of_tokens_survives) {
  receipt written;
  written.tokens = {.prompt = 1,
                    .cached = 2,
                    .cache_written = 3,
                    .completion = 4,
                    .reasoning = 5,
                    .audio_prompt = 6,
                    .audio_completion = 7,
                    .images = 8,
                    .estimated = true};
  written.tokens.cache_written_1h = 2, written.tokens.image_prompt = 9, written.tokens.image_completion = 10;
  written.tokens.image_variant = "high_1024x1536", written.tokens.pixels = 1'572'864;
  written.tokens.characters_in = 11, written.tokens.characters_out = 12;
  written.tokens.audio_ms_in = 13, written.tokens.audio_ms_out = 14;
  written.tokens.searches = 15, written.tokens.web_searches = 16;
  written.cost_estimated = true;
  written.attempts.resize(2);
  written.attempts[1].tokens = written.tokens;
  receipt r;
  ASSERT_TRUE(decode(encoded(written), r));
  EXPECT_EQ(r.tokens, written.tokens);
  EXPECT_TRUE(r.cost_estimated);
  ASSERT_EQ(r.attempts.size(), 2U);
  EXPECT_EQ(r.attempts[0].tokens, usage{});
  EXPECT_EQ(r.attempts[1].tokens, written.tokens);
}

std::string from_hex(std::string_view digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(digits.substr(i, 2)), nullptr, 16));
  return bytes;
}

/// What the first released encode() made of sample(), with three tokens written to the cache and all of it estimated:
/// spools and ledgers of that release hold such bytes.
constexpr std::string_view of_the_first_version =
    "01057265715f31b6f8bbc4d466056272645f3105636c695f3105746f6b5f310463686174010d73706964657269712f636861740d737069"
    "64657269712f6368617405616c69617308126669727374206f662074686520636861696e0467726f71176c6c616d612d332e332d373062"
    "2d766572736174696c65d80cbe01b806f0012806500a0180c00c01011c6d69737472616c2f6d69737472616c2d736d616c6c2d6c617465"
    "737402076d69737472616c146d69737472616c2d736d616c6c2d6c617465737405696e745f31046d61696eb8f8bbc4d4663cee07106f76"
    "65726c6f616465643a20627573790000000000000467726f71176c6c616d612d332e332d3730622d766572736174696c65000080f9bbc4"
    "d466f80a900300f0012806500a01010a6c6f6769745f62696173026f6b90030002016103622263097b226a6f62223a377d4a798628";

TEST(receipt_bytes, what_the_first_version_wrote_is_still_read) {
  receipt r;
  ASSERT_TRUE(decode(from_hex(of_the_first_version), r));
  auto expected = sample();
  expected.tokens.cache_written = 3;
  expected.tokens.estimated = true;
  expected.attempts[1].tokens = expected.tokens;
  EXPECT_EQ(full_json(r), full_json(expected));
  EXPECT_EQ(r.brand_id, "brd_1");
  EXPECT_EQ(r.attempts[0].integration_id, "int_1");
  EXPECT_EQ(r.tokens.audio_prompt, 0);
  // Written again it is of today's version, and says the same.
  const auto bytes = encoded(r);
  EXPECT_EQ(bytes[0], 3);
  EXPECT_EQ(bytes, encoded(expected));
}

/// The same of the second version, with sound and images.
constexpr std::string_view of_the_second_version =
    "02057265715f31b6f8bbc4d466056272645f3105636c695f3105746f6b5f310463686174010d73706964657269712f636861740d737069"
    "64657269712f6368617405616c69617308126669727374206f662074686520636861696e0467726f71176c6c616d612d332e332d373062"
    "2d766572736174696c65d80cbe01b806f0012806500a0e08040180c00c01011c6d69737472616c2f6d69737472616c2d736d616c6c2d6c"
    "617465737402076d69737472616c146d69737472616c2d736d616c6c2d6c617465737405696e745f31046d61696eb8f8bbc4d4663cee07"
    "106f7665726c6f616465643a20627573790000000000000000000467726f71176c6c616d612d332e332d3730622d766572736174696c65"
    "000080f9bbc4d466f80a900300f0012806500a0e080401010a6c6f6769745f62696173026f6b90030002016103622263097b226a6f6222"
    "3a377d856e2b03";

TEST(receipt_bytes, columns_are_read_of_every_version) {
  for (const auto digits : {of_the_first_version, of_the_second_version}) {
    const auto bytes = from_hex(digits);
    receipt r;
    receipt_columns c;
    ASSERT_TRUE(decode(bytes, r));
    ASSERT_TRUE(decode_columns(bytes, c));
    expect_columns_of(r, c);
  }
}

TEST(receipt_bytes, what_the_second_version_wrote_is_still_read) {
  receipt r;
  ASSERT_TRUE(decode(from_hex(of_the_second_version), r));
  auto expected = sample();
  expected.tokens.cache_written = 3, expected.tokens.audio_prompt = 7, expected.tokens.audio_completion = 4;
  expected.tokens.images = 2, expected.tokens.estimated = true;
  expected.attempts[1].tokens = expected.tokens;
  EXPECT_EQ(full_json(r), full_json(expected));
  EXPECT_EQ(r.tokens, expected.tokens);
  EXPECT_FALSE(r.cost_estimated);
  EXPECT_EQ(encoded(r), encoded(expected));
}

TEST(receipt_json, an_estimated_price_says_so) {
  auto r = sample();
  EXPECT_EQ(full_json(r).find("estimated_price"), std::string::npos);
  r.cost_estimated = true;
  EXPECT_NE(full_json(r).find(R"("estimated_price":true)"), std::string::npos);
}

TEST(receipt_json, what_is_not_counted_in_tokens_shows_where_there_is_some) {
  auto r = sample();
  r.tokens.images = 2, r.tokens.image_variant = "hd_1024x1024", r.tokens.audio_ms_in = 1500, r.tokens.searches = 1;
  const auto json = full_json(r);
  EXPECT_NE(json.find(R"("images":2,"audio_ms_in":1500,"searches":1,"image_variant":"hd_1024x1024","total")"),
            std::string::npos)
      << json;
}

TEST(receipt_bytes, extremes_survive) {
  receipt written;
  written.timestamp = std::numeric_limits<std::int64_t>::max();
  written.latency_ms = std::numeric_limits<std::int64_t>::min();
  written.cost = money{-1};
  written.http_status = std::numeric_limits<int>::min();
  written.model = std::string("\0\xff\n", 3);
  written.metadata = std::string(100'000, 'x');
  receipt r;
  ASSERT_TRUE(decode(encoded(written), r));
  EXPECT_EQ(r.timestamp, written.timestamp);
  EXPECT_EQ(r.latency_ms, written.latency_ms);
  EXPECT_EQ(r.cost, written.cost);
  EXPECT_EQ(r.http_status, written.http_status);
  EXPECT_EQ(r.model, written.model);
  EXPECT_EQ(r.metadata, written.metadata);
}

TEST(receipt_bytes, nothing_cut_lengthened_or_altered_decodes) {
  const auto bytes = encoded(sample());
  receipt r;
  r.request_id = "untouched";
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(decode(bytes.substr(0, size), r)) << size;
  EXPECT_FALSE(decode(bytes + '\0', r));
  EXPECT_FALSE(decode(bytes + bytes, r));
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (int bit = 0; bit < 8; ++bit) {
      auto altered = bytes;
      altered[at] = static_cast<char>(altered[at] ^ (1 << bit));
      EXPECT_FALSE(decode(altered, r)) << at << ':' << bit;
    }
  EXPECT_EQ(r.request_id, "untouched");
}

/// A payload with the checksum that encode would have given it: what only the reader's own bounds can refuse.
std::string sealed(std::string payload) {
  const auto sum = checksum(payload);
  payload.append(reinterpret_cast<const char*>(&sum), sizeof sum);
  return payload;
}

TEST(receipt_bytes, well_sealed_nonsense_is_read_within_bounds) {
  for (const auto& good : {encoded(sample()), from_hex(of_the_first_version)}) {
    const auto payload = good.substr(0, good.size() - 4);
    ASSERT_EQ(sealed(payload), good);
    std::mt19937_64 random(5);
    for (int round = 0; round < 20'000; ++round) {
      auto altered = payload;
      for (int k = 0; k < 3; ++k) altered[random() % altered.size()] = static_cast<char>(random());
      if (round % 4 == 0) altered.resize(random() % altered.size() + 1);
      receipt r;
      const auto bytes = sealed(altered);
      const bool whole = decode(bytes, r);
      if (whole) EXPECT_FALSE(encoded(r).empty() || full_json(r).empty());
      receipt_columns c;
      ASSERT_EQ(decode_columns(bytes, c), whole);
      if (whole) expect_columns_of(r, c);
    }
  }
}

TEST(receipt_bytes, a_length_beyond_the_rest_is_refused_before_memory_is_taken) {
  receipt r;
  EXPECT_FALSE(decode(sealed(std::string("\x01\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10)), r));
  EXPECT_FALSE(decode(sealed(std::string("\x02\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10)), r));
  EXPECT_FALSE(decode(sealed(std::string("\x03\xff\xff\xff\xff\xff\xff\xff\xff\x7f", 10)), r));
  for (const char version : {'\0', '\x04', '\xff'}) {
    auto other = encoded(sample());
    other.resize(other.size() - 4);
    other[0] = version;
    EXPECT_FALSE(decode(sealed(other), r)) << "another version";
  }
}

TEST(receipt_bytes, random_bytes_do_not_decode) {
  std::mt19937_64 random(3);
  receipt r;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 200, '\0');
    for (auto& byte : bytes) byte = static_cast<char>(random());
    if (!bytes.empty()) bytes[0] = static_cast<char>(1 + round % 2);
    EXPECT_FALSE(decode(bytes, r));
  }
}

}  // namespace
}  // namespace spidergate::model
