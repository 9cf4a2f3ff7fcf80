#include "event_pattern.hpp"

#include "asked.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <random>
#include <span>
#include <string>
#include <string_view>

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
  known.learn(event, event, {event.substr(6, 3), 6}, {{event.substr(16, 3), 16}});
  std::string out;
  EXPECT_EQ(known.take(R"({"a":"2","n":""})", out).text, "2");
  EXPECT_EQ(out, R"({"a":"2","n":""})");
  EXPECT_EQ(known.take(R"({"a":"2","n":"\"})", out).size, 0u);
  EXPECT_EQ(known.take(R"({"a":"2","m":""})", out).size, 0u);
}

TEST(event_pattern, lets_there_be_any_number_of_blanks) {
  event_pattern known;
  const std::string_view event = R"({"a":"one"  })";
  known.learn(event, "<one>", {event.substr(6, 3), 1}, {{event.substr(10, 2)}, true});
  std::string out;
  EXPECT_EQ(known.take(R"({"a":"2"})", out).size, 9u);
  EXPECT_EQ(known.take(R"({"a":"3"       })", out).size, 16u);
  EXPECT_EQ(out, "<2><3>");
  EXPECT_EQ(known.take(R"({"a":"4"  ,})", out).size, 0u);
  EXPECT_EQ(known.take(R"({"a":"4"  )", out).size, 0u);
  EXPECT_EQ(known.take("{\"a\":\"4\"\n}", out).size, 0u);
}

TEST(event_pattern, takes_no_event_without_text) {
  const auto known = pattern_of("\"", "one", "\"", "\"", "\"");
  std::string out;
  EXPECT_EQ(known.take("\"\"", out).size, 0u);
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

constexpr const char* of_openai[] = {
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

constexpr const char* of_anthropic[] = {
    R"({"type":"message_start","message":{"id":"m1","model":"m","usage":{"input_tokens":1,"output_tokens":1}}})",
    R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":"$"}})",
    R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"$"}    })",
    R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"$"} })",
    R"({"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"$"}})",
    R"({"type":"content_block_start","index":1,"content_block":{"type":"thinking","thinking":"$","signature":""}})",
    R"({"type":"content_block_delta","index":1,"delta":{"type":"thinking_delta","thinking":"$"}  })",
    R"({"type":"content_block_delta","index":1,"delta":{"type":"signature_delta","signature":"$"}})",
    R"({"type":"content_block_start","index":2,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}})",
    R"({"type":"content_block_delta","index":2,"delta":{"type":"input_json_delta","partial_json":"$"}})",
    R"({"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{"type":"char_location","cited_text":"$"}}})",
    R"({"type":"content_block_stop","index":0})",
    R"({"type":"content_block_stop","index":1})",
    R"({"type":"content_block_stop","index":2})",
    R"({"type":"ping"})",
    R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}})"};

/// Streams made of a few kinds of events in runs, so that events are alike and then are not.
class made_at_random {
 public:
  made_at_random(std::span<const char* const> kinds, unsigned seed) : kinds_(kinds), random_(seed) {}

  std::string next() {
    std::string bytes;
    for (int run = 0; run < 6; ++run) {
      const auto* const kind = kinds_[random_() % kinds_.size()];
      const std::string before = pick({"data: ", "data: ", "data:", ": hi\ndata: ", "event: x\r\ndata:"});
      const std::string behind = pick({"\n\n", "\n\n", "\r\n\r\n", "\r\r", "\n\r\n", "\r\n\r"});
      for (auto left = 1 + random_() % 5; left > 0; --left) bytes.append(before).append(filled(kind)).append(behind);
    }
    return bytes;
  }

 private:
  std::string pick(std::initializer_list<std::string_view> from) {
    return std::string(*(from.begin() + random_() % from.size()));
  }

  std::string filled(std::string_view form) {
    std::string text;
    for (const char c : form) {
      if (c != '$') {
        text.push_back(c);
        continue;
      }
      text += pick({"", "a", " word", "a longer text than one look takes in", "\\n", "\\\"", "\\u00e9", "\\ud83d",
                    "h\xC3\xA9", "}", "data:"});
      if (random_() % 60 == 0) text += pick({"\\x", "\"", "\xFF", "\t", "\\", "\n", "\n\n"});
    }
    return text;
  }

  std::span<const char* const> kinds_;
  std::mt19937 random_;
};

struct decoded {
  std::string out;
  bool fed = true, whole = false;
  stream_facts facts;
};

decoded decode(std::string_view dialect, const asked& q, std::string_view bytes, std::size_t piece) {
  decoded all;
  const auto decoder = find_dialect(dialect)->open_stream(about(q), "text/event-stream");
  for (std::size_t at = 0; at < bytes.size() && all.fed; at += piece)
    all.fed = decoder->feed(std::string(bytes.substr(at, piece)), all.out);
  all.whole = all.fed && decoder->end(all.out);
  all.facts = decoder->facts();
  return all;
}

/// Byte by byte there is never a whole event at hand, so that each is read.
void expect_never_to_show(std::string_view dialect, std::span<const char* const> kinds) {
  made_at_random streams(kinds, 20261121);
  const asked with_usage(chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  const asked without(chat_body(R"(,"stream":true)"));
  for (int i = 0; i < 3000; ++i) {
    const auto bytes = streams.next();
    const auto& q = i % 2 == 0 ? with_usage : without;
    const auto expected = decode(dialect, q, bytes, 1);
    for (const std::size_t piece : {bytes.size() + 1, std::size_t{150}}) {
      const auto got = decode(dialect, q, bytes, piece);
      ASSERT_EQ(got.out, expected.out) << bytes;
      ASSERT_EQ(got.fed, expected.fed) << bytes;
      ASSERT_EQ(got.whole, expected.whole) << bytes;
      ASSERT_EQ(got.facts.content_bytes, expected.facts.content_bytes) << bytes;
      ASSERT_EQ(got.facts.content_seen, expected.facts.content_seen) << bytes;
      ASSERT_EQ(got.facts.finished, expected.facts.finished) << bytes;
      ASSERT_EQ(got.facts.usage, expected.facts.usage) << bytes;
      ASSERT_EQ(got.facts.error.has_value(), expected.facts.error.has_value()) << bytes;
    }
  }
}

TEST(event_pattern, never_shows_in_streams_of_openai) {
  expect_never_to_show("openai", of_openai);
}

TEST(event_pattern, never_shows_in_streams_of_anthropic) {
  expect_never_to_show("anthropic", of_anthropic);
}

}  // namespace
}  // namespace spidergate::providers
