#include "asked.hpp"
#include "bedrock/event_stream.hpp"
#include "bedrock_frames.hpp"

#include <nlohmann/json.hpp>

#include <functional>

namespace spidergate::providers::bedrock {
namespace {

using step = event_stream_framer::step;

struct run {
  std::string out;
  stream_facts facts;
  bool fed = true, complete = false;
};

run play(const std::string& bytes, std::size_t size, std::string_view model = "us.anthropic.claude-sonnet-4-5-v1:0",
         std::string_view memo = "show ") {
  const asked q(chat_body(R"(,"stream":true,"stream_options":{"include_usage":true})"));
  auto in = about(q, memo);
  in.model = model;
  const auto decoder = find_dialect("bedrock")->open_stream(in, "application/vnd.amazon.eventstream");
  run r;
  for (std::size_t at = 0; at < bytes.size() && r.fed; at += size) {
    const auto piece = std::string(bytes.substr(at, size));
    r.fed = decoder->feed(piece, r.out);
  }
  r.complete = decoder->end(r.out);
  r.facts = decoder->facts();
  return r;
}

std::vector<nlohmann::json> chunks(const std::string& out) {
  std::vector<nlohmann::json> read;
  for (std::size_t at = 0; at < out.size();) {
    const auto end = out.find("\n\n", at);
    read.push_back(nlohmann::json::parse(out.substr(at + 6, end - at - 6)));
    at = end + 2;
  }
  return read;
}

std::string joined_delta(const std::string& out, const char* name) {
  std::string text;
  for (const auto& chunk : chunks(out)) {
    if (chunk["choices"].empty()) continue;
    text += chunk["choices"][0]["delta"].value(name, "");
  }
  return text;
}

const std::string end_of_stream =
    event("messageStop", R"({"stopReason":"end_turn"})") +
    event("metadata", R"({"usage":{"inputTokens":5,"outputTokens":2,"totalTokens":17,"cacheReadInputTokens":10}})");
const std::string text_stream = event("messageStart", R"({"role":"assistant"})") +
                                event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Hé"}})") +
                                event("contentBlockStop", R"({"contentBlockIndex":0})") + end_of_stream;

TEST(event_stream_framer, gives_messages_however_the_bytes_are_cut) {
  const auto bytes = event("a", "{}") + event("b", "[1]");
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    event_stream_framer framer;
    std::string seen;
    for (std::size_t at = 0; at < bytes.size(); at += size) {
      const auto piece = bytes.substr(at, size);
      framer.feed(piece);
      event_message message;
      while (framer.next(message) == step::message) seen.append(message.event_type).append(message.payload);
    }
    EXPECT_EQ(seen, "a{}b[1]") << size;
    EXPECT_FALSE(framer.unfinished());
  }
}

TEST(event_stream_framer, checks_both_checksums_and_every_length) {
  const auto good = event("a", "{}");
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 0x10);
    event_stream_framer framer;
    framer.feed(bad);
    event_message message;
    EXPECT_EQ(framer.next(message), step::broken) << i;
    EXPECT_FALSE(framer.failure().empty());
  }
}

TEST(event_stream_framer, refuses_a_message_above_its_limit_before_it_comes) {
  std::string head = big_endian(2 * 1024 * 1024, 4) + big_endian(0, 4);
  head += big_endian(crypto::crc32(head), 4);
  event_stream_framer framer;
  framer.feed(head);
  event_message message;
  EXPECT_EQ(framer.next(message), step::broken);
  EXPECT_NE(framer.failure().find("larger"), std::string_view::npos);
}

TEST(bedrock_stream, passes_text_usage_and_the_end_on_at_every_cut) {
  const auto whole = play(text_stream, text_stream.size());
  EXPECT_TRUE(whole.complete);
  EXPECT_EQ(joined_delta(whole.out, "content"), "Hé");
  EXPECT_EQ(whole.facts.usage->prompt, 15);
  EXPECT_EQ(whole.facts.usage->cached, 10);
  for (std::size_t size = 1; size < 60; ++size) EXPECT_EQ(play(text_stream, size).out, whole.out) << size;
}

TEST(bedrock_stream, a_stream_cut_short_is_incomplete) {
  for (std::size_t size = 0; size + end_of_stream.size() <= text_stream.size(); size += 7)
    EXPECT_FALSE(play(text_stream.substr(0, size), 64).complete) << size;
}

TEST(bedrock_stream, exceptions_within_it_are_errors_of_their_class) {
  const std::vector<std::tuple<std::string, error_class, int>> cases{
      {"throttlingException", error_class::rate_limited, 429},
      {"serviceUnavailableException", error_class::overloaded, 503},
      {"internalServerException", error_class::overloaded, 500},
      {"modelStreamErrorException", error_class::failed, 424},
      {"validationException", error_class::request_fault, 400}};
  for (const auto& [type, kind, status] : cases) {
    const auto r = play(text_stream.substr(0, text_stream.size() - end_of_stream.size()) +
                            exception(type, R"({"message":"Something happened"})") + text_stream,
                        33);
    EXPECT_TRUE(r.fed);
    EXPECT_FALSE(r.complete);
    ASSERT_TRUE(r.facts.error.has_value()) << type;
    EXPECT_EQ(r.facts.error->kind, kind) << type;
    EXPECT_EQ(r.facts.error->status, status) << type;
    EXPECT_EQ(r.facts.error->message, "Something happened");
    EXPECT_EQ(joined_delta(r.out, "content"), "Hé");
  }
  const auto length =
      play(exception("validationException", R"({"message":"Input is too long for requested model."})"), 50);
  EXPECT_EQ(length.facts.error->kind, error_class::context_length);
}

TEST(bedrock_stream, signed_thinking_comes_with_its_signature_and_can_be_hidden) {
  const auto bytes =
      event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"Let me "}}})") +
      event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"reasoningContent":{"text":"see"}}})") +
      event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"reasoningContent":{"signature":"s1"}}})") +
      event("contentBlockStop", R"({"contentBlockIndex":0})") +
      event("contentBlockDelta", R"({"contentBlockIndex":1,"delta":{"reasoningContent":{"redactedContent":"c2Vj"}}})") +
      text_stream;
  const auto shown = play(bytes, bytes.size());
  EXPECT_EQ(joined_delta(shown.out, "reasoning_content"), "Let me see");
  EXPECT_NE(shown.out.find(R"("text":"Let me see","signature":"s1","format":"anthropic-claude-v1","index":0)"),
            std::string::npos);
  EXPECT_NE(shown.out.find(R"("type":"reasoning.encrypted","data":"sec")"), std::string::npos);
  const auto hidden = play(bytes, bytes.size(), "us.anthropic.claude-sonnet-4-5-v1:0", "hide ");
  EXPECT_EQ(hidden.out.find("reasoning"), std::string::npos);
  EXPECT_EQ(joined_delta(hidden.out, "content"), "Hé");
}

TEST(bedrock_stream, the_tool_that_stands_for_json_is_the_content) {
  const auto bytes = event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"text":"Here it is: "}})") +
                     event("contentBlockStart",
                           R"({"contentBlockIndex":1,"start":{"toolUse":{"name":"json_response","toolUseId":"t1"}}})") +
                     event("contentBlockDelta", R"({"contentBlockIndex":1,"delta":{"toolUse":{"input":"{\"a\":"}}})") +
                     event("contentBlockDelta", R"({"contentBlockIndex":1,"delta":{"toolUse":{"input":"1}"}}})") +
                     event("contentBlockStop", R"({"contentBlockIndex":1})") +
                     event("messageStop", R"({"stopReason":"tool_use"})");
  const auto r = play(bytes, 21, "us.amazon.nova-lite-v1:0", "show json_response");
  EXPECT_EQ(joined_delta(r.out, "content"), R"({"a":1})");
  EXPECT_EQ(r.out.find("tool_calls"), std::string::npos);
  EXPECT_NE(r.out.find(R"("finish_reason":"stop")"), std::string::npos);
}

TEST(bedrock_stream, what_amazon_runs_itself_is_no_call) {
  const auto bytes =
      event(
          "contentBlockStart",
          R"({"contentBlockIndex":0,"start":{"toolUse":{"name":"nova_grounding","toolUseId":"t","type":"server_tool_use"}}})") +
      event("contentBlockDelta", R"({"contentBlockIndex":0,"delta":{"toolUse":{"input":"{}"}}})") +
      event("contentBlockStop", R"({"contentBlockIndex":0})") + text_stream;
  const auto r = play(bytes, 100);
  EXPECT_EQ(r.out.find("tool_calls"), std::string::npos);
  EXPECT_EQ(r.facts.usage->web_searches, 1);
}

TEST(bedrock_stream, bytes_that_are_none_are_refused) {
  EXPECT_FALSE(play("<html>not a stream at all</html>", 100).fed);
  EXPECT_FALSE(play(event("metadata", "{no json"), 100).fed);
}

}  // namespace
}  // namespace spidergate::providers::bedrock
