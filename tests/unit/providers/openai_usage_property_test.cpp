#include "asked.hpp"

#include <spidergate/model/usage.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

namespace spidergate::providers {
namespace {

using maybe_usage = std::optional<model::usage>;

/// Usage objects as providers write them: every name that is known, sensible and senseless figures, parts that are
/// missing.
class random_usage {
 public:
  explicit random_usage(std::uint64_t seed) : random_(seed) {}

  std::int64_t pick(std::int64_t limit) { return std::uniform_int_distribution<std::int64_t>(0, limit)(random_); }
  bool one_in(std::int64_t n) { return pick(n - 1) == 0; }

  std::string object() {
    members_.clear();
    strange_ = one_in(3);
    const auto prompt = pick(2000), completion = pick(2000);
    member(one_in(8) ? "input_tokens" : "prompt_tokens", prompt);
    member(one_in(8) ? "output_tokens" : "completion_tokens", completion);
    const auto cached = pick(prompt), reasoning = pick(completion), sound = pick(prompt - cached);
    if (!one_in(3)) member("total_tokens", prompt + completion + (one_in(4) ? reasoning : one_in(4) ? sound : 0));
    if (one_in(2)) details("prompt_tokens_details", {{"cached_tokens", cached}, {"audio_tokens", sound}});
    if (one_in(4)) details("prompt_tokens_details", {{"cache_write_tokens", pick(prompt)}, {"cached_tokens", 0}});
    if (one_in(2))
      details("completion_tokens_details",
              {{"reasoning_tokens", reasoning}, {"audio_tokens", pick(completion - reasoning)}});
    for (const auto* name : {"prompt_cache_hit_tokens", "prompt_cache_miss_tokens", "cached_tokens",
                             "num_cached_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"})
      if (one_in(6)) member(name, pick(prompt));
    std::shuffle(members_.begin(), members_.end(), random_);
    std::string text;
    for (const auto& m : members_) text += (text.empty() ? "" : ",") + m;
    return "{" + text + "}";
  }

  /// Prices of which some are absent.
  model::price rates() {
    model::price made;
    for (auto* each : {&made.input, &made.output, &made.cache_read, &made.cache_write, &made.reasoning,
                       &made.audio_input, &made.audio_output})
      if (!one_in(4)) *each = unit_price{pick(100'000'000)};
    if (one_in(3)) made.per_request = money{pick(10'000'000)};
    return made;
  }

 private:
  std::string number(std::int64_t value) {
    static constexpr std::array nonsense{
        "null", "-1", "1.5", "\"7\"", "1e3", "1000000001", "1e30", "9223372036854775807", "true", "[]", "{}", "0"};
    if (strange_ && one_in(6)) return nonsense.at(static_cast<std::size_t>(pick(nonsense.size() - 1)));
    return std::to_string(value);
  }
  void member(const std::string& name, std::int64_t value) {
    if (strange_ && one_in(8)) return;
    members_.push_back("\"" + name + "\":" + number(value));
  }
  void details(const std::string& name, std::initializer_list<std::pair<const char*, std::int64_t>> parts) {
    std::string text;
    for (const auto& [part, value] : parts)
      text += (text.empty() ? "\"" : ",\"") + std::string(part) + "\":" + number(value);
    members_.push_back("\"" + name + "\":{" + text + "}");
  }

  std::mt19937_64 random_;
  std::vector<std::string> members_;
  bool strange_ = false;
};

maybe_usage of_whole(const std::string& usage) {
  const asked q(chat_body());
  const std::string body =
      R"({"id":"i","choices":[{"index":0,"message":{"content":"hello"},"finish_reason":"stop"}],"usage":)" + usage +
      "}";
  std::string padded = body + std::string(64, '\0');
  const auto answer =
      openai_dialect().decode(about(q), "application/json", std::string_view(padded).substr(0, body.size()));
  EXPECT_TRUE(answer) << body;
  return answer ? std::get<client_answer>(*answer).facts.usage : std::nullopt;
}

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}

/// The same figures as providers place them in a stream: behind the choices, beside the last of them, or in x_groq.
std::string as_stream(random_usage& random, const std::string& usage, const std::string& earlier) {
  const std::string head = R"({"id":"i","choices":[{"index":0,"delta":{"content":")";
  const std::string last = R"({"id":"i","choices":[{"index":0,"delta":{},"finish_reason":"stop"}])";
  std::string bytes = event(head + R"(hel"}}])" + (earlier.empty() ? "" : ",\"usage\":" + earlier) + "}");
  bytes += event(head + R"(lo"}}]})");
  switch (random.pick(2)) {
    case 0:
      bytes += event(last + "}") + event(R"({"id":"i","choices":[],"usage":)" + usage + "}");
      break;
    case 1:
      bytes += event(last + ",\"usage\":" + usage + "}");
      break;
    default:
      bytes += event(last + ",\"x_groq\":{\"usage\":" + usage + "}}");
  }
  return bytes + "data: [DONE]\n\n";
}

maybe_usage of_stream(random_usage& random, const std::string& bytes) {
  const asked q(
      chat_body(random.one_in(2) ? R"(,"stream":true,"stream_options":{"include_usage":true})" : R"(,"stream":true)"));
  const auto decoder = openai_dialect().open_stream(about(q), "text/event-stream");
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    const auto size = 1 + static_cast<std::size_t>(random.pick(200));
    EXPECT_TRUE(decoder->feed(std::string_view(bytes).substr(at, size), out)) << bytes;
    at += size;
  }
  EXPECT_TRUE(decoder->end(out)) << bytes;
  EXPECT_EQ(decoder->facts().content_bytes, 5);
  return decoder->facts().usage;
}

TEST(openai_usage, property_a_stream_and_a_whole_answer_of_the_same_figures_cost_the_same) {
  random_usage random(23);
  int read = 0, refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    const auto usage = random.object();
    const auto whole = of_whole(usage);
    // A count as far as the stream has come is replaced by the last one.
    const std::string earlier = whole && random.one_in(3) ? R"({"prompt_tokens":3,"completion_tokens":1})" : "";
    const auto streamed = of_stream(random, as_stream(random, usage, earlier));
    ASSERT_EQ(whole, streamed) << usage;
    whole ? ++read : ++refused;
    if (!whole) continue;
    const auto rates = random.rates();
    ASSERT_EQ(cost_of(*whole, rates), cost_of(*streamed, rates)) << usage;
  }
  EXPECT_GT(read, 10'000);
  EXPECT_GT(refused, 1000);
}

TEST(openai_usage, property_what_is_read_is_never_negative_and_no_part_exceeds_its_whole) {
  random_usage random(29);
  for (int round = 0; round < 20'000; ++round) {
    const auto usage = random.object();
    const auto read = of_whole(usage);
    if (!read) continue;
    for (const auto figure : {read->prompt, read->cached, read->cache_written, read->completion, read->reasoning,
                              read->audio_prompt, read->audio_completion})
      ASSERT_TRUE(figure >= 0 && figure <= 8'000'000'000) << usage;
    ASSERT_FALSE(read->estimated);
    const auto in = model::buckets_of(*read);
    // Nothing is cut any more: every part is charged as what it was read as.
    ASSERT_EQ(in.cached, read->cached) << usage;
    ASSERT_EQ(in.cache_written, read->cache_written) << usage;
    ASSERT_EQ(in.audio_prompt, read->audio_prompt) << usage;
    ASSERT_EQ(in.reasoning, read->reasoning) << usage;
    ASSERT_EQ(in.audio_completion, read->audio_completion) << usage;
  }
}

}  // namespace
}  // namespace spidergate::providers
