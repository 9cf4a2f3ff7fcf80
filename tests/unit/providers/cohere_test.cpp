#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using tree = nlohmann::json;

const dialect& spoken() {
  return *find_dialect("cohere");
}

struct encoding {
  explicit encoding(const std::string& body, model::endpoint kind = model::endpoint::chat, bool reasons = false)
      : question(body, kind) {
    provider.id = "cohere";
    entry.reasoning = reasons;
    entry.max_output = 10'000;
    const credential secret{secret_string("co-1"), {}};
    const std::vector<std::pair<std::string, std::string>> none;
    auto encoded = spoken().encode({.asked = question.request,
                                    .provider = provider,
                                    .base_path = "/v2",
                                    .model = "command-a",
                                    .secret = secret,
                                    .forwarded_headers = none,
                                    .entry = &entry});
    if (!encoded) {
      why = encoded.error();
      return;
    }
    wire = std::move(*encoded);
    body_sent = tree::parse(joined(wire.body));
  }
  asked question;
  catalogue::provider provider;
  catalogue::model_entry entry;
  wire_request wire;
  tree body_sent;
  refusal why;
};

encoding chat(const std::string& more, bool reasons = false) {
  return encoding(chat_body("," + more), model::endpoint::chat, reasons);
}

const std::string tools =
    R"("tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","required":["a"]}}},
                {"type":"function","function":{"name":"g"}}])";

TEST(cohere_encode, says_parameters_in_coheres_words) {
  const auto e = chat(R"("top_p":0.5,"top_k":3,"stop":"x","max_completion_tokens":9,"seed":7,"frequency_penalty":0.5,
                         "temperature":0,"logprobs":true,"safety_mode":"OFF","documents":["d"])");
  EXPECT_EQ(e.body_sent, tree::parse(R"({"model":"command-a","messages":[{"role":"user","content":"hi"}],"p":0.5,"k":3,
    "stop_sequences":["x"],"max_tokens":9,"seed":7,"frequency_penalty":0.5,"temperature":0,"logprobs":true,
    "safety_mode":"OFF","documents":["d"],"stream":false})"));
  EXPECT_EQ(e.wire.target, "/v2/chat");
  EXPECT_EQ(e.wire.headers, "accept: application/json\r\nauthorization: Bearer co-1\r\n");
  EXPECT_TRUE(e.wire.dropped_params.empty());
}

TEST(cohere_encode, keeps_within_coheres_bounds_and_says_what_it_leaves_out) {
  const auto e =
      chat(R"("top_p":1.0,"frequency_penalty":1.5,"presence_penalty":-1,"top_k":1000,"logit_bias":{"1":1},"user":"u")");
  EXPECT_EQ(e.body_sent["p"], 0.99);
  EXPECT_EQ(e.wire.dropped_params,
            (std::vector<std::string>{"top_k", "frequency_penalty", "presence_penalty", "logit_bias", "user"}));
}

TEST(cohere_encode, carries_a_conversation_with_tools) {
  const encoding e(R"({"model":"m","messages":[{"role":"developer","content":"s"},{"role":"user","content":"a"},
    {"role":"user","content":"b"},
    {"role":"assistant","content":null,"reasoning_content":"plan","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":""}}]},
    {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"r"}]},
    {"role":"assistant","content":"","function_call":{"name":"g","arguments":"{}"}},
    {"role":"function","name":"g","content":"7"}]})");
  EXPECT_EQ(e.body_sent["messages"], tree::parse(R"([{"role":"system","content":"s"},{"role":"user","content":"a"},
    {"role":"user","content":"b"},
    {"role":"assistant","tool_plan":"plan","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"c1","content":[{"type":"text","text":"r"}]},
    {"role":"assistant","content":"","tool_calls":[{"id":"function_call_5","type":"function","function":{"name":"g","arguments":"{}"}}]},
    {"role":"tool","tool_call_id":"function_call_5","content":"7"}])"));
}

TEST(cohere_encode, requires_one_tool_by_offering_no_other) {
  const auto named = chat(tools + R"(,"tool_choice":{"type":"function","function":{"name":"g"}})");
  EXPECT_EQ(named.body_sent["tool_choice"], "REQUIRED");
  ASSERT_EQ(named.body_sent["tools"].size(), 1u);
  EXPECT_EQ(named.body_sent["tools"][0]["function"],
            tree::parse(R"({"name":"g","parameters":{"type":"object","properties":{}}})"));
  EXPECT_EQ(chat(tools + R"(,"tool_choice":"none")").body_sent["tool_choice"], "NONE");
  EXPECT_FALSE(chat(tools + R"(,"tool_choice":"auto")").body_sent.contains("tool_choice"));
  EXPECT_EQ(chat(tools + R"(,"tool_choice":{"type":"function","function":{"name":"h"}})").why.param, "tool_choice");
}

TEST(cohere_encode, asks_for_thinking_only_of_models_that_think) {
  EXPECT_EQ(chat(R"("reasoning_effort":"low")", true).body_sent["thinking"],
            tree::parse(R"({"type":"enabled","token_budget":2000})"));
  EXPECT_EQ(chat(R"("reasoning_effort":"high")", true).body_sent["thinking"], tree::parse(R"({"type":"enabled"})"));
  EXPECT_EQ(chat(R"("reasoning":{"enabled":false})", true).body_sent["thinking"],
            tree::parse(R"({"type":"disabled"})"));
  const auto plain = chat(R"("reasoning_effort":"low")");
  EXPECT_FALSE(plain.body_sent.contains("thinking"));
  EXPECT_EQ(plain.wire.dropped_params, std::vector<std::string>{"reasoning_effort"});
}

TEST(cohere_encode, refuses_what_would_change_the_question) {
  const auto part = [](const std::string& p) {
    return encoding(R"({"model":"m","messages":[{"role":"user","content":[)" + p + "]}]}").why.param;
  };
  EXPECT_EQ(part(R"({"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}})"),
            "messages[0].content[0].input_audio");
  EXPECT_EQ(part(R"({"type":"file","file":{"file_data":"JVBERi0x"}})"), "messages[0].content[0].file");
  EXPECT_EQ(chat(R"("n":2)").why.param, "n");
  EXPECT_EQ(chat(tools + R"(,"response_format":{"type":"json_object"})").why.param, "response_format");
}

TEST(cohere_encode, embeds_texts_and_ranks_documents) {
  using model::endpoint;
  EXPECT_EQ(
      encoding(R"({"model":"m","input":"a","dimensions":4,"encoding_format":"base64"})", endpoint::embeddings)
          .body_sent,
      tree::parse(R"({"model":"command-a","texts":["a"],"input_type":"search_document","embedding_types":["float"],
                            "output_dimension":4})"));
  EXPECT_EQ(encoding(R"({"model":"m","input":[1,2]})", endpoint::embeddings).why.param, "input");
  const encoding ranked(
      R"({"model":"m","query":"q","documents":["a",{"text":"b"},{"text":"c","id":1}],"top_n":2,"return_documents":true})",
      endpoint::rerank);
  EXPECT_EQ(
      ranked.body_sent,
      tree::parse(R"({"model":"command-a","query":"q","documents":["a","b","{\"text\":\"c\",\"id\":1}"],"top_n":2})"));
  EXPECT_EQ(ranked.wire.target, "/v2/rerank");
}

struct decoding {
  explicit decoding(std::string body, const std::string& question = chat_body(),
                    model::endpoint kind = model::endpoint::chat)
      : q(question, kind) {
    const std::size_t size = body.size();
    body.append(64, '\0');
    auto decoded = spoken().decode(about(q), "application/json", std::string_view(body).substr(0, size));
    if (!decoded) {
      error = decoded.error();
      return;
    }
    const auto& answer = std::get<client_answer>(*decoded);
    out = tree::parse(joined(answer.body));
    facts = answer.facts;
  }
  asked q;
  tree out;
  answer_facts facts;
  std::optional<provider_error> error;
};

TEST(cohere_decode, reads_text_thinking_calls_and_figures) {
  const decoding d(R"({"id":"x","finish_reason":"TOOL_CALL","message":{"role":"assistant","tool_plan":"p",
    "content":[{"type":"thinking","thinking":"t"},{"type":"text","text":"a\n"}],
    "tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":"{\"a\":1}"}}]},
    "usage":{"billed_units":{"input_tokens":1,"output_tokens":1},"cached_tokens":4,
             "tokens":{"input_tokens":9,"output_tokens":7,"reasoning_tokens":2,"image_tokens":3}}})");
  const auto& c = d.out.at("choices").at(0);
  EXPECT_EQ(c["message"]["content"], "a\n");
  EXPECT_EQ(c["message"]["reasoning_content"], "pt");
  EXPECT_EQ(c["message"]["tool_calls"][0]["function"]["arguments"], R"({"a":1})");
  EXPECT_EQ(c["finish_reason"], "tool_calls");
  const model::usage expected{.prompt = 12, .cached = 4, .completion = 7, .reasoning = 2, .image_prompt = 3};
  EXPECT_EQ(d.facts.usage, expected);
}

TEST(cohere_decode, believes_no_impossible_figures) {
  for (const auto* usage : {R"({"tokens":{"input_tokens":-1,"output_tokens":1}})", R"({"tokens":{"input_tokens":1.5}})",
                            R"({"tokens":{"input_tokens":1},"cached_tokens":2})", "{}"}) {
    const decoding d(R"({"id":"x","finish_reason":"COMPLETE","message":{"content":[]},"usage":)" + std::string(usage) +
                     "}");
    EXPECT_FALSE(d.facts.usage.has_value()) << usage;
  }
}

TEST(cohere_decode, gives_citations_with_and_without_addresses) {
  const decoding d(
      R"({"id":"x","finish_reason":"COMPLETE","message":{"content":[{"type":"text","text":"abc"}],"citations":[
    {"start":0,"end":2,"sources":[{"type":"document","document":{"url":"https://x.test/a","title":"T"}}]},
    {"start":1,"end":3,"sources":[{"type":"tool","id":"c:0"}]}]}})");
  const auto& message = d.out["choices"][0]["message"];
  EXPECT_EQ(message["annotations"], tree::parse(R"([{"type":"url_citation","url_citation":
    {"url":"https://x.test/a","title":"T","start_index":0,"end_index":2}}])"));
  EXPECT_EQ(message["citations"].size(), 2u);
}

TEST(cohere_decode, sums_the_log_probabilities_of_a_text_of_several_tokens) {
  const decoding d(R"({"id":"x","finish_reason":"COMPLETE","message":{"content":[]},
    "logprobs":[{"text":"a","token_ids":[1],"logprobs":[-0.5]},{"text":"bc","token_ids":[1,2],"logprobs":[-0.25,-0.5]}]})");
  const auto& entries = d.out["choices"][0]["logprobs"]["content"];
  EXPECT_EQ(entries[0]["logprob"], -0.5);
  EXPECT_EQ(entries[1]["token"], "bc");
  EXPECT_EQ(entries[1]["logprob"], -0.75);
}

TEST(cohere_decode, tells_failures_from_answers) {
  EXPECT_EQ(decoding(R"({"finish_reason":"ERROR","message":{"content":[]},"error":"e"})").error->message, "e");
  EXPECT_EQ(decoding(R"({"finish_reason":"TIMEOUT","message":{"content":[]}})").error->kind, error_class::failed);
  EXPECT_EQ(decoding(R"({"message":"too bad"})").error->message, "too bad");
  EXPECT_TRUE(decoding("[1]").error.has_value());
  EXPECT_TRUE(decoding("<html>").error.has_value());
  EXPECT_EQ(decoding(R"({"finish_reason":"MAX_TOKENS","message":{"content":[]}})").out["choices"][0]["finish_reason"],
            "length");
}

TEST(cohere_decode, packs_vectors_for_clients_that_asked_for_base64) {
  const std::string answer =
      R"({"id":"x","embeddings":{"float":[[0.5,-1]]},"meta":{"billed_units":{"input_tokens":3}}})";
  const decoding plain(answer, R"({"model":"m","input":"a"})", model::endpoint::embeddings);
  EXPECT_EQ(plain.out["data"][0], tree::parse(R"({"object":"embedding","index":0,"embedding":[0.5,-1]})"));
  EXPECT_EQ(plain.out["usage"], tree::parse(R"({"prompt_tokens":3,"total_tokens":3})"));
  const decoding packed(answer, R"({"model":"m","input":"a","encoding_format":"base64"})", model::endpoint::embeddings);
  EXPECT_EQ(packed.out["data"][0]["embedding"], "AAAAPwAAgL8=");
}

struct streaming {
  explicit streaming(const std::string& events, bool usage = false)
      : q(chat_body(R"(,"stream":true,"stream_options":{"include_usage":)" + std::string(usage ? "true}" : "false}"))) {
    const auto decoder = spoken().open_stream(about(q), "text/event-stream");
    fed = decoder->feed(events, out);
    complete = decoder->end(out);
    facts = decoder->facts();
  }
  asked q;
  std::string out;
  bool fed = false, complete = false;
  stream_facts facts;
};

std::string event(const std::string& data) {
  return "data: " + data + "\n\n";
}

TEST(cohere_stream, gives_arguments_to_a_call_without_any) {
  const streaming s(
      event(
          R"({"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"c","function":{"name":"f","arguments":""}}}}})") +
      event(R"({"type":"tool-call-end","index":0})") +
      event(R"({"type":"message-end","delta":{"finish_reason":"TOOL_CALL"}})") + event("[DONE]"));
  EXPECT_TRUE(s.complete);
  EXPECT_NE(s.out.find(R"("arguments":"{}")"), std::string::npos);
  EXPECT_NE(s.out.find(R"("finish_reason":"tool_calls")"), std::string::npos);
}

TEST(cohere_stream, ends_with_the_error_that_the_provider_tells) {
  const streaming s(event(R"({"type":"content-delta","delta":{"message":{"content":{"text":"a"}}}})") +
                    event(R"({"type":"message-end","delta":{"finish_reason":"ERROR","error":"no","error_type":"X"}})") +
                    event("[DONE]"));
  EXPECT_TRUE(s.fed);
  EXPECT_FALSE(s.complete);
  EXPECT_EQ(s.facts.error->message, "no");
  EXPECT_EQ(s.facts.error->kind, error_class::failed);
}

TEST(cohere_stream, is_incomplete_when_cut_and_wrong_when_it_is_no_stream) {
  const streaming cut(event(R"({"type":"content-delta","delta":{"message":{"content":{"text":"a"}}}})"));
  EXPECT_TRUE(cut.fed);
  EXPECT_FALSE(cut.complete);
  EXPECT_FALSE(streaming("<html>").fed);
  EXPECT_FALSE(streaming(R"({"message":"x"})").fed);
  EXPECT_FALSE(streaming(event("{broken")).fed);
}

TEST(cohere_stream, passes_citations_on) {
  const streaming s(event(
      R"({"type":"citation-start","index":0,"delta":{"message":{"citations":{"start":0,"end":1,"text":"a","sources":[{"document":{"url":"https://x.test"}}]}}}})"));
  EXPECT_NE(s.out.find(R"("annotations":[{"type":"url_citation")"), std::string::npos);
  EXPECT_NE(s.out.find(R"("citations":[{"start":0)"), std::string::npos);
}

TEST(cohere_error, knows_a_prompt_that_is_too_long) {
  const auto kind = [](int status, const char* body) { return spoken().decode_error(status, {}, body).kind; };
  const auto padded = [](std::string body) { return body + std::string(64, '\0'); };
  const auto long_one = padded(R"({"error_type":"TOO_MANY_TOKENS","message":"too many tokens: size limit exceeded"})");
  EXPECT_EQ(spoken().decode_error(400, {}, std::string_view(long_one).substr(0, long_one.size() - 64)).kind,
            error_class::context_length);
  EXPECT_EQ(kind(401, ""), error_class::invalid_credentials);
  EXPECT_EQ(kind(404, ""), error_class::no_such_model);
  EXPECT_EQ(kind(429, ""), error_class::rate_limited);
  EXPECT_EQ(kind(498, ""), error_class::request_fault);
  EXPECT_EQ(kind(503, ""), error_class::overloaded);
}

}  // namespace
}  // namespace spidergate::providers
