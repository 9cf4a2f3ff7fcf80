#include "event_pattern.hpp"

#include "asked.hpp"

#include <gtest/gtest.h>

#include <array>
#include <random>
#include <string>
#include <vector>

namespace spidergate::providers {
namespace {

/// Knows the event `before + text + behind`, and writes `written_before + text + written_behind` for it.
event_pattern pattern_of(const std::string& before, const std::string& text, const std::string& behind,
                         const std::string& written_before, const std::string& written_behind) {
  event_pattern known;
  const auto event = before + text + behind;
  known.learn(event, written_before + text + written_behind,
              {std::string_view(event).substr(before.size(), text.size()), written_before.size()}, {});
  return known;
}

TEST(event_pattern, takes_an_event_that_differs_in_its_text_alone) {
  const auto known = pattern_of("data: {\"a\":\"", "one", "\"}\n\n", "data: {\"b\":\"", "\"}\n\n");
  std::string out;
  const std::string_view bytes = "data: {\"a\":\"t\\u0077o\"}\n\nand more";
  const auto event = known.take(bytes, out);
  EXPECT_EQ(bytes.substr(event.size), "and more");
  EXPECT_EQ(event.text, "t\\u0077o");
  EXPECT_TRUE(event.escaped);
  EXPECT_EQ(out, "data: {\"b\":\"t\\u0077o\"}\n\n");
}

TEST(event_pattern, takes_no_other_event) {
  const auto known = pattern_of("data: {\"a\":\"", "one", "\"}\n\n", "data: {\"b\":\"", "\"}\n\n");
  std::string out;
  for (const std::string_view bytes :
       {"", "data", "data: {\"a\":\"", "data: {\"a\":\"two", "data: {\"a\":\"two\"}\n",
        "data: {\"a\":\"two\",\"c\":1}\n\n", "data: {\"c\":\"two\"}\n\n", "data: {\"a\":\"t\two\"}\n\n",
        "data: {\"a\":\"t\\wo\"}\n\n", "data: {\"a\":\"\xFF\"}\n\n"})
    EXPECT_EQ(known.take(bytes, out).size, 0u) << bytes;
  EXPECT_EQ(out, "");
}

TEST(event_pattern, lets_noise_be_what_it_is) {
  event_pattern known;
  const std::string_view event = R"({"a":"one","n":"xyz"})";
  known.learn(event, event, {event.substr(6, 3), 6}, {event.substr(16, 3), 16});
  std::string out;
  EXPECT_EQ(known.take(R"({"a":"2","n":""})", out).text, "2");
  EXPECT_EQ(out, R"({"a":"2","n":""})");
  EXPECT_EQ(known.take(R"({"a":"2","n":"\"})", out).size, 0u);
  EXPECT_EQ(known.take(R"({"a":"2","m":""})", out).size, 0u);
}

TEST(event_pattern, forgets_and_keeps_no_long_events) {
  auto known = pattern_of("\"", "one", "\"", "\"", "\"");
  std::string out;
  EXPECT_NE(known.take("\"two\"", out).size, 0u);
  known.forget();
  EXPECT_EQ(known.take("\"two\"", out).size, 0u);
  known = pattern_of("\"", "one", "\"" + std::string(5000, ' '), "\"", "\"");
  EXPECT_EQ(known.take("\"two\"" + std::string(5000, ' '), out).size, 0u);
}

/// Streams made of a few kinds of chunks in runs, so that events are alike and then are not.
class made_at_random {
 public:
  explicit made_at_random(unsigned seed) : random_(seed) {}

  std::string next() {
    std::string bytes;
    for (std::size_t run = 0; run < 4; ++run) {
      const auto kind = random_() % kinds.size();
      const auto lines = pick<const char*>({"data: ", "data:", ": hi\ndata: ", "event: x\r\ndata:"});
      const auto end = pick<const char*>({"\n\n", "\n\n", "\r\n\r\n", "\r\r", "\n\r\n", "\r\n\r"});
      for (auto left = random_() % 5; left > 0; --left) bytes += lines + filled(kinds[kind]) + end;
    }
    return bytes;
  }

 private:
  static constexpr std::array<const char*, 16> kinds{
      R"({"id":"i","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"$"},"finish_reason":null}]})",
      R"({"choices":[{"index":0,"delta":{"content":"$"},"finish_reason":null}],"usage":null,"obfuscation":"$"})",
      R"({"usage":null,"choices":[{"index":0,"delta":{"content":"$","tool_calls":null}}],"p":"$"})",
      R"({"choices":[{"index":1,"delta":{"content":null,"reasoning_content":"$"},"finish_reason":""}]})",
      R"({"choices":[{"index":0,"delta":{"content":"$","reasoning":"$"}}]})",
      R"({"choices":[{"index":0,"delta":{"content":"$"}},{"index":1,"delta":{"content":"$"}}]})",
      R"({"choices":[{"index":0,"text":"$","delta":{"content":"$"}}]})",
      R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c$","type":"function","function":{"name":"f","arguments":""}}]}}]})",
      R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"$"}}]}}]})",
      R"({"choices":[{"index":0,"delta":{"content":"","tool_calls":[{"index":0,"function":{"arguments":"$"}}]}}],"x":"$"})",
      R"({"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"name":"$","arguments":"$"}}]}}]})",
      R"({"choices":[{"index":0,"delta":{"content":"$"},"finish_reason":"stop"}]})",
      R"({"choices":[],"prompt_filter_results":[{"a":"$"}]})",
      R"({"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":1,"completion_tokens":2},"x":"$"})",
      R"({"choices":[{"index":0,"delta":{"content":"$"}}],"error":"$"})",
      R"({"choices":[{"index":0,"delta":{"content":"$"}}],"citations":["$"],"usage":null})"};

  template <class T>
  T pick(std::initializer_list<T> from) {
    return *(from.begin() + random_() % from.size());
  }

  std::string filled(std::string_view form) {
    std::string text;
    for (const char c : form) {
      if (c != '$') {
        text.push_back(c);
      } else {
        text += pick<const char*>({"", "a", " word", "a longer text than one look takes in", "\\n", "\\\"", "\\u00e9",
                                   "\\ud83d", "h\xC3\xA9", "}", "data:"});
        if (random_() % 60 == 0) text += pick<const char*>({"\\x", "\"", "\xFF", "\t", "\\", "\n", "\n\n"});
      }
    }
    return text;
  }

  std::mt19937 random_;
};

TEST(event_pattern, never_shows_in_a_stream) {
  made_at_random streams(20261121);
  for (int i = 0; i < 3000; ++i) {
    const auto bytes = streams.next();
    const bool usage = i % 2 == 0;
    const asked q(chat_body(usage ? R"(,"stream":true,"stream_options":{"include_usage":true})" : R"(,"stream":true)"));
    std::string expected;
    const auto alone = openai_dialect().open_stream(about(q), "text/event-stream");
    bool sound = true;
    // Byte by byte there is never a whole event at hand.
    for (std::size_t at = 0; at < bytes.size() && sound; ++at) sound = alone->feed(bytes.substr(at, 1), expected);
    const bool whole = sound && alone->end(expected);
    for (const std::size_t size : {bytes.size() + 1, std::size_t{150}}) {
      std::string out;
      const auto together = openai_dialect().open_stream(about(q), "text/event-stream");
      bool fed = true;
      for (std::size_t at = 0; at < bytes.size() && fed; at += size) fed = together->feed(bytes.substr(at, size), out);
      ASSERT_EQ(fed, sound) << bytes;
      ASSERT_EQ(fed && together->end(out), whole) << bytes;
      ASSERT_EQ(out, expected) << bytes;
      const auto &facts = together->facts(), &wanted = alone->facts();
      ASSERT_EQ(facts.content_bytes, wanted.content_bytes) << bytes;
      ASSERT_EQ(facts.content_seen, wanted.content_seen) << bytes;
      ASSERT_EQ(facts.finished, wanted.finished) << bytes;
      ASSERT_EQ(facts.usage, wanted.usage) << bytes;
      ASSERT_EQ(facts.error.has_value(), wanted.error.has_value()) << bytes;
    }
  }
}

}  // namespace
}  // namespace spidergate::providers
