#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;

struct streamed {
  std::string out;
  stream_facts facts;
  bool fed = true;
  bool complete = false;
};

streamed stream(const std::string& bytes, bool usage_asked = false, const std::string& body = {}) {
  const asked q(body.empty() ? chat_body(usage_asked ? R"(,"stream":true,"stream_options":{"include_usage":true})"
                                                     : R"(,"stream":true)")
                             : body);
  std::optional<streamed> first;
  for (const std::size_t size : {bytes.size(), std::size_t{1}, std::size_t{7}}) {
    streamed s;
    const auto decoder = openai_dialect().open_stream(about(q), "text/event-stream");
    for (std::size_t at = 0; at < bytes.size() && s.fed; at += size)
      s.fed = decoder->feed(std::string(bytes.substr(at, size)), s.out);
    s.complete = s.fed && decoder->end(s.out);
    s.facts = decoder->facts();
    if (!first) first = s;
    EXPECT_EQ(s.out, first->out);
    EXPECT_EQ(s.complete, first->complete);
    EXPECT_EQ(s.facts.content_bytes, first->facts.content_bytes);
    EXPECT_EQ(s.facts.content_seen, first->facts.content_seen);
    EXPECT_EQ(s.facts.finished, first->facts.finished);
    EXPECT_EQ(s.facts.error.has_value(), first->facts.error.has_value());
  }
  return *first;
}

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}
std::string delta(const std::string& d, const std::string& finish = "null") {
  return event(R"({"id":"i","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":)" +
               d + R"(,"finish_reason":)" + finish + "}]}");
}
const std::string done = "data: [DONE]\n\n";

TEST(openai_stream, passes_events_byte_for_byte_and_never_writes_done) {
  const auto chunks = delta(R"({"role":"assistant","content":""})") + delta(R"({"content":"h\u00e9","new":[1, 2]})") +
                      delta("{}", R"("stop")");
  const auto s = stream(": hello\r\n\r\n" + chunks + done + event("{\"after\":1}"));
  EXPECT_EQ(s.out, chunks);
  EXPECT_TRUE(s.complete);
  EXPECT_TRUE(s.facts.done);
  EXPECT_TRUE(s.facts.finished);
  EXPECT_EQ(s.facts.content_bytes, 3);
}

TEST(openai_stream, sees_content_only_where_there_is_some) {
  EXPECT_FALSE(stream(delta(R"({"role":"assistant","content":"","refusal":null,"tool_calls":[]})")).facts.content_seen);
  for (const auto* d :
       {R"({"content":"a"})", R"({"reasoning_content":"a"})", R"({"reasoning":"a"})", R"({"refusal":"a"})",
        R"({"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":""}}]})",
        R"({"content":[{"type":"thinking"}]})"}) {
    EXPECT_TRUE(stream(delta(d)).facts.content_seen) << d;
  }
}

TEST(openai_stream, is_complete_with_a_finish_or_an_end_mark) {
  EXPECT_TRUE(stream(delta(R"({"content":"a"})") + delta("{}", R"("stop")")).complete);
  EXPECT_TRUE(stream(delta(R"({"content":"a"})") + done).complete);
  EXPECT_FALSE(stream(delta(R"({"content":"a"})")).complete);
  EXPECT_FALSE(stream(delta("{}", R"("")")).complete);
  EXPECT_FALSE(stream("").complete);
  const auto cut = stream(delta(R"({"content":"a"})") + "data: {\"choi");
  EXPECT_FALSE(cut.complete);
  EXPECT_FALSE(cut.facts.error);
}

TEST(openai_stream, waits_for_every_choice_that_began) {
  const auto part = [](int index, const char* finish) {
    return event(R"({"choices":[{"index":)" + std::to_string(index) + R"(,"delta":{"content":"a"},"finish_reason":)" +
                 finish + "}]}");
  };
  EXPECT_FALSE(stream(part(0, "null") + part(1, "null") + part(0, "\"stop\"")).facts.finished);
  EXPECT_TRUE(stream(part(0, "null") + part(1, "null") + part(0, "\"stop\"") + part(1, "\"length\"")).facts.finished);
}

TEST(openai_stream, hides_usage_from_clients_that_did_not_ask) {
  const std::string usage = R"("usage":{"prompt_tokens":1,"completion_tokens":2})";
  const auto s = stream(event(R"({"usage":null,"choices":[{"index":0,"delta":{"content":"a"}}],"x":1})") +
                        event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}], )" + usage + " }") +
                        event(R"({"choices":[],)" + usage + "}") + done);
  EXPECT_EQ(s.out, event(R"({"choices":[{"index":0,"delta":{"content":"a"}}],"x":1})") +
                       event(R"({"choices":[{"index":0,"delta":{},"finish_reason":"stop"}] })"));
  EXPECT_EQ(s.facts.usage->completion, 2);
}

TEST(openai_stream, gives_usage_exactly_once_to_clients_that_asked) {
  const std::string usage = R"({"prompt_tokens":1,"completion_tokens":2})";
  const std::string last = event(
      R"({"id":"i","object":"chat.completion.chunk","created":1,"model":"m","choices":[],"usage":)" + usage + "}");
  const auto chunk = [&](const std::string& u) {
    return event(
        R"({"id":"i","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"}],"usage":)" +
        u + "}");
  };
  EXPECT_EQ(stream(chunk(usage) + done, true).out, chunk("null") + last);
  EXPECT_EQ(stream(chunk(usage), true).out, chunk("null") + last);
  EXPECT_EQ(stream(chunk("null") + last + done, true).out, chunk("null") + last);
  EXPECT_EQ(stream(chunk(usage) + last + last + done, true).out, chunk("null") + last);
  EXPECT_EQ(stream(chunk("null") + done, true).out, chunk("null"));
  EXPECT_EQ(stream(chunk("null") + event(R"({"usage":)" + usage + "}") + done, true).out,
            chunk("null") + event(R"({"choices":[],"usage":)" + usage + "}"));
}

TEST(openai_stream, leaves_continuous_usage_to_who_asked_for_it) {
  const auto chunk =
      event(R"({"choices":[{"index":0,"delta":{"content":"a"}}],"usage":{"prompt_tokens":1,"completion_tokens":2}})");
  EXPECT_EQ(stream(chunk + done, true,
                   chat_body(R"(,"stream":true,"stream_options":{"include_usage":true,"continuous_usage_stats":true})"))
                .out,
            chunk);
}

TEST(openai_stream, refuses_usage_that_cannot_be_true) {
  const auto s = stream(
      delta("{}", "\"stop\"") + event(R"({"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":2}})") + done,
      true);
  EXPECT_TRUE(s.out.starts_with(delta("{}", "\"stop\"")));
  EXPECT_FALSE(s.facts.usage);
  EXPECT_TRUE(s.facts.usage_impossible);
}

TEST(openai_stream, gives_an_estimate_marked_so_in_place_of_usage_that_cannot_be_true) {
  const auto bytes = delta(R"({"content":"12345678"})") + delta("{}", "\"stop\"") +
                     event(R"({"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":2}})") + done;
  const auto asked_for = stream(bytes, true).out;
  const auto last = asked_for.rfind("data: ");
  const auto usage = json::parse(asked_for.substr(last + 6)).at("usage");
  EXPECT_TRUE(usage.at("estimated").get<bool>());
  EXPECT_EQ(usage.at("completion_tokens"), 2);
  EXPECT_GT(usage.at("prompt_tokens"), 0);
  EXPECT_EQ(usage.at("total_tokens"), usage.at("prompt_tokens").get<int>() + 2);
  EXPECT_EQ(stream(bytes, false).out.find("usage"), std::string::npos) << "only for who asked";
}

json calls_after(const std::vector<std::string>& deltas) {
  std::string bytes;
  for (const auto& d : deltas) bytes += delta(R"({"tool_calls":[)" + d + "]}");
  const auto s = stream(bytes);
  json calls = json::array();
  std::string_view out = s.out;
  while (!out.empty()) {
    const auto end = out.find("\n\n");
    const auto chunk = json::parse(out.substr(6, end - 6));
    for (const auto& c : chunk["choices"][0]["delta"]["tool_calls"]) calls.push_back(c);
    out.remove_prefix(end + 2);
  }
  return calls;
}

TEST(openai_stream, leaves_sound_tool_calls_alone) {
  const auto bytes =
      delta(R"({"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}}]})") +
      delta(R"({"tool_calls":[{"index":0, "function":{"arguments":"{}"}}]})") +
      delta(R"({"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"f","arguments":""}}]})");
  EXPECT_EQ(stream(bytes).out, bytes);
}

TEST(openai_stream, completes_the_first_delta_of_a_call) {
  const auto c = calls_after({R"({"function":{"name":"f","arguments":{"a":1}},"extra":true})",
                              R"({"index":0,"function":{"arguments":null}})"});
  EXPECT_TRUE(c[0]["id"].get<std::string>().starts_with("call_"));
  EXPECT_EQ(c[0]["type"], "function");
  EXPECT_EQ(c[0]["index"], 0);
  EXPECT_EQ(c[0]["function"]["arguments"], R"({"a":1})");
  EXPECT_EQ(c[0]["extra"], true);
  EXPECT_EQ(c[1]["function"]["arguments"], "");
}

TEST(openai_stream, tells_parallel_calls_apart_that_share_an_index) {
  const auto c = calls_after({R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"1"}})",
                              R"({"index":0,"id":"b","type":"function","function":{"name":"f","arguments":"2"}})",
                              R"({"index":0,"function":{"arguments":"3"}})",
                              R"({"id":"c","function":{"name":"g","arguments":"4"}})"});
  EXPECT_EQ(c[0]["index"], 0);
  EXPECT_EQ(c[1]["index"], 1);
  EXPECT_EQ(c[2]["index"], 1);
  EXPECT_EQ(c[3]["index"], 2);
}

TEST(openai_stream, drops_ids_and_names_that_are_repeated) {
  const auto c = calls_after({R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"1"}})",
                              R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"2"}})",
                              R"({"index":0,"id":"changed","type":"function","function":{"arguments":"3"}})"});
  for (const std::size_t i : {1u, 2u}) {
    EXPECT_FALSE(c[i].contains("id"));
    EXPECT_FALSE(c[i]["function"].contains("name"));
    EXPECT_EQ(c[i]["index"], 0);
  }
}

TEST(openai_stream, stops_at_an_error_in_any_shape) {
  const auto error = [](const std::string& bytes) {
    const auto s = stream(delta(R"({"content":"a"})") + bytes + delta(R"({"content":"never"})") + done);
    EXPECT_TRUE(s.fed);
    EXPECT_FALSE(s.complete);
    EXPECT_EQ(s.out, delta(R"({"content":"a"})"));
    return s.facts.error.value_or(provider_error{});
  };
  EXPECT_EQ(error(event(R"({"error":{"message":"boom","type":"server_error"}})")).kind, error_class::overloaded);
  EXPECT_EQ(
      error("event: error\n" + event(R"({"error":{"message":"m","type":"invalid_request_error","status_code":400}})"))
          .status,
      400);
  EXPECT_EQ(error("event: error\ndata: plain words\n\n").message, "plain words");
  EXPECT_EQ(error(event(R"({"error":"text"})")).message, "text");
  EXPECT_EQ(error(event(R"({"object":"error","message":"Too many","code":429})")).kind, error_class::rate_limited);
  EXPECT_EQ(
      error(
          event(R"({"error":{"code":502,"message":"x"},"choices":[{"delta":{"content":""},"finish_reason":"error"}]})"))
          .kind,
      error_class::overloaded);
  EXPECT_EQ(error(event(R"({"choices":[{"delta":{},"finish_reason":"error"}]})")).kind, error_class::failed);
  EXPECT_EQ(
      error(event(R"({"error":{"message":"maximum context length is 5","code":"context_length_exceeded"}})")).kind,
      error_class::context_length);
}

TEST(openai_stream, gives_up_on_garbage) {
  EXPECT_FALSE(stream("<!DOCTYPE html><html>").fed);
  EXPECT_FALSE(stream("{\"error\":1}").fed);
  EXPECT_FALSE(stream(delta("{}") + "data: {broken\n\n").fed);
  EXPECT_FALSE(stream("data: 7\n\n").fed);
  EXPECT_FALSE(stream("data: \"" + std::string(1100000, 'x') + "\"\n\n").fed);
  EXPECT_EQ(stream("data: \"" + std::string(1100000, 'x') + "\"\n\n").facts.error->message,
            "An event of the provider's stream is larger than 1 MiB.");
}

TEST(openai_stream, skips_what_is_no_chunk_and_passes_chunks_without_choices) {
  const auto filters = event(R"({"choices":[],"obfuscation":[1]})");
  EXPECT_EQ(stream(event(R"({"type":"ping"})") + "data:\n\n" + filters).out, filters);
}

TEST(openai_stream, flattens_data_of_several_lines) {
  EXPECT_EQ(stream("data: {\"choices\":\ndata: []}\n\n").out, event("{\"choices\": []}"));
}

TEST(openai_stream, reads_legacy_completions) {
  const auto chunks = event(R"({"choices":[{"text":"ab","index":0,"finish_reason":null}]})") +
                      event(R"({"choices":[{"text":"","index":0,"finish_reason":"length"}]})");
  const asked q(R"({"model":"m","prompt":"a","stream":true})", model::endpoint::completions);
  const auto decoder = openai_dialect().open_stream(about(q), "text/event-stream");
  std::string out;
  EXPECT_TRUE(decoder->feed(chunks, out));
  EXPECT_TRUE(decoder->end(out));
  EXPECT_EQ(out, chunks);
  EXPECT_TRUE(decoder->facts().content_seen);
  EXPECT_EQ(decoder->facts().content_bytes, 2);
}

TEST(openai_stream, gives_azures_word_on_the_prompt_to_the_next_chunk) {
  const std::string filters = R"("prompt_filter_results":[{"prompt_index":0}])";
  const auto text = delta(R"({"content":"a"})", R"("stop")");
  const auto s = stream(event("{\"choices\":[],\"created\":0,\"id\":\"\"," + filters + "}") + text + done);
  EXPECT_EQ(s.out, "data: {" + filters + "," + text.substr(std::string_view("data: {").size()));
}

TEST(openai_stream, has_a_delta_in_every_choice_of_a_chat) {
  const auto s = stream(delta(R"({"content":"a"})", R"("stop")") +
                        event(R"({"choices":[{"index":0,"content_filter_offsets":{"start_offset":1}}]})") + done);
  EXPECT_NE(s.out.find(R"({"choices":[{"delta":{},"index":0,)"), std::string::npos) << s.out;
}

TEST(openai_stream, mistrals_parts_become_text_and_thoughts) {
  const auto s = stream(
      delta(R"({"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"text","text":"a"}]})",
            R"("stop")") +
      done);
  EXPECT_EQ(s.out, delta(R"({"content":"a","reasoning_content":"t"})", R"("stop")"));
}

TEST(openai_stream, annotates_once_at_the_end_of_a_choice) {
  const auto with_sources = [](const std::string& d, const std::string& finish) {
    auto text = delta(d, finish);
    return text.insert(text.rfind('}'), R"(,"search_results":[{"url":"u","title":"T"}])");
  };
  const auto s = stream(with_sources(R"({"content":"a"})", "null") + with_sources(R"({"content":"b"})", R"("stop")"));
  const auto first = s.out.find("url_citation");
  ASSERT_NE(first, std::string::npos);
  EXPECT_GT(first, s.out.find("\n\n")) << "not in the first chunk";
  EXPECT_EQ(json::parse(s.out.substr(s.out.find("\n\n") + 8))["choices"][0]["delta"]["annotations"].size(), 1u);
}

}  // namespace
}  // namespace spidergate::providers
