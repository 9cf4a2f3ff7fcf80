#include <spidergate/openai/request_reader.hpp>

#include <gtest/gtest.h>

#include <string>

namespace spidergate::openai {
namespace {

using model::api_errc;
using model::endpoint;

/// Keeps the body that the request's views look at.
struct reading {
  reading(std::string text, endpoint kind, std::string_view content_type = {}) : body(std::move(text)) {
    const std::size_t size = body.size();
    body.append(64, '\0');
    auto outcome = read_request(kind, std::string_view(body).substr(0, size), content_type);
    if (outcome) {
      request = std::move(*outcome);
    } else {
      error = outcome.error();
    }
  }
  std::string body;
  std::optional<model::inference_request> request;
  std::optional<model::api_error> error;
};

struct refused {
  endpoint kind;
  std::string body;
  std::string_view param, says;
};

void expect_refused(const refused& c, std::string_view content_type = {}) {
  const reading r(c.body, c.kind, content_type);
  ASSERT_TRUE(r.error.has_value()) << c.body;
  EXPECT_EQ(r.error->param, c.param) << c.body;
  EXPECT_NE(r.error->message.find(c.says), std::string::npos) << c.body << "\nsaid: " << r.error->message;
  EXPECT_EQ(r.error->status(), 400);
}

TEST(read_request, reads_a_request_for_images) {
  const reading r(R"({"model":"gpt-image-1","prompt":"a spider","n":3,"size":"1024x1024","quality":"low","user":null})",
                  endpoint::images);
  ASSERT_TRUE(r.request);
  EXPECT_EQ(r.request->choices, 3);
  EXPECT_EQ(r.request->answers, 3);
  EXPECT_FALSE(r.request->stream);
  EXPECT_GE(r.request->estimated_prompt_tokens, 3);
  EXPECT_EQ(r.request->find("size")->value, "\"1024x1024\"");
}

TEST(read_request, streams_speech_always_and_counts_its_characters) {
  const reading r(R"({"model":"tts-1","input":"Grüße\n\u00e9 \"x\"","voice":"alloy","response_format":"opus"})",
                  endpoint::speech);
  ASSERT_TRUE(r.request);
  EXPECT_TRUE(r.request->stream);
  EXPECT_EQ(r.request->characters, 11);
}

TEST(read_request, a_voice_may_be_left_to_the_provider) {
  EXPECT_TRUE(reading(R"({"model":"m","input":"x"})", endpoint::speech).request);
  EXPECT_TRUE(reading(R"({"model":"m","input":"x","voice":{"id":"v"}})", endpoint::speech).request);
}

TEST(read_request, counts_the_documents_to_rank) {
  const reading r(R"({"model":"rerank","query":"q","documents":["a",{"text":"b"},{"title":"c"}],"top_n":2})",
                  endpoint::rerank);
  ASSERT_TRUE(r.request);
  EXPECT_EQ(r.request->documents, 3);
  EXPECT_FALSE(r.request->stream);
}

TEST(read_request, says_what_is_wrong_with_images_speech_and_rerank) {
  const refused cases[] = {
      {endpoint::images, R"({"model":"m"})", "prompt", "Missing required parameter: 'prompt'"},
      {endpoint::images, R"({"model":"m","prompt":["x"]})", "prompt", "expected a string"},
      {endpoint::images, R"({"model":"m","prompt":"x","n":0})", "n", ">= 1"},
      {endpoint::images, R"({"model":"m","prompt":"x","size":1024})", "size", "expected a string"},
      {endpoint::images, R"({"model":"m","prompt":"x","stream":true})", "stream", "not streamed"},
      {endpoint::images, R"({"model":"m","prompt":"x","model":"n"})", "model", "given twice"},
      {endpoint::speech, R"({"model":"m","voice":"v"})", "input", "Missing"},
      {endpoint::speech, R"({"model":"m","input":""})", "input", "empty"},
      {endpoint::speech, R"({"model":"m","input":["x"]})", "input", "expected a string"},
      {endpoint::speech, R"({"model":"m","input":"x","voice":1})", "voice", "a string or an object"},
      {endpoint::speech, R"({"model":"m","input":"x","speed":"fast"})", "speed", "expected a number"},
      {endpoint::rerank, R"({"model":"m","documents":["a"]})", "query", "Missing"},
      {endpoint::rerank, R"({"model":"m","query":"q"})", "documents", "Missing"},
      {endpoint::rerank, R"({"model":"m","query":"q","documents":[]})", "documents", "empty array"},
      {endpoint::rerank, R"({"model":"m","query":"q","documents":[1]})", "documents[0]", "a string or an object"},
      {endpoint::rerank, R"({"model":"m","query":"q","documents":["a",{}]})", "documents[1].text", "Missing"},
      {endpoint::rerank, R"({"model":"m","query":"q","documents":["a"],"top_n":0})", "top_n", ">= 1"},
      {endpoint::rerank, R"({"model":"m","query":"q","documents":["a"],"return_documents":1})", "return_documents",
       "a boolean"},
  };
  for (const auto& c : cases) expect_refused(c);
}

TEST(read_request, takes_the_gateways_own_options_on_every_endpoint) {
  const std::string ours = R"(,"spidergate_options":{"retry_count":2},"x-fallback-chain":["a"],"strict_params":true})";
  for (const auto& [kind, body] : {std::pair{endpoint::images, R"({"model":"m","prompt":"x")"},
                                   std::pair{endpoint::speech, R"({"model":"m","input":"x")"},
                                   std::pair{endpoint::rerank, R"({"model":"m","query":"q","documents":["a"])"}}) {
    const reading r(body + ours, kind);
    ASSERT_TRUE(r.request) << body;
    EXPECT_EQ(r.request->options.retry_count, 2);
    EXPECT_EQ(r.request->options.fallback_chain, std::vector<std::string>{"a"});
    EXPECT_TRUE(r.request->options.strict_params);
  }
}

// Forms

constexpr std::string_view form_type = "multipart/form-data; boundary=b";

std::string form(std::initializer_list<std::pair<std::string_view, std::string_view>> fields) {
  std::string body;
  for (const auto& [name, content] : fields) {
    body.append("--b\r\nContent-Disposition: form-data; name=\"").append(name).append("\"");
    if (name == "file") body.append("; filename=\"a.wav\"\r\nContent-Type: audio/wav");
    body.append("\r\n\r\n").append(content).append("\r\n");
  }
  return body + "--b--\r\n";
}

TEST(read_request, reads_a_transcription_form) {
  const std::string sound(24'000, 'x');
  const reading r(form({{"file", sound},
                        {"model", "whisper-1"},
                        {"stream", "true"},
                        {"temperature", "0.2"},
                        {"timestamp_granularities[]", "word"},
                        {"timestamp_granularities[]", "segment"},
                        {"spidergate_options", R"({"tags":["t"],"metadata":{"a":1}})"},
                        {"x-fallback-chain", R"(["x/y"])"},
                        {"strict_params", "true"}}),
                  endpoint::transcriptions, form_type);
  ASSERT_TRUE(r.request) << r.error->message;
  EXPECT_EQ(r.request->model, "whisper-1");
  EXPECT_TRUE(r.request->stream);
  EXPECT_EQ(r.request->form.size(), 9u);
  EXPECT_EQ(r.request->find_part("file")->content, sound);
  EXPECT_EQ(r.request->sound_bytes, 24'000);
  EXPECT_GE(r.request->most_prompt_tokens, 2'000);
  EXPECT_LT(r.request->estimated_prompt_tokens, r.request->most_prompt_tokens);
  EXPECT_EQ(r.request->options.tags, std::vector<std::string>{"t"});
  EXPECT_EQ(r.request->options.metadata, R"({"a":1})");
  EXPECT_EQ(r.request->options.fallback_chain, std::vector<std::string>{"x/y"});
  EXPECT_TRUE(r.request->options.strict_params);
}

TEST(read_request, a_translation_is_never_streamed) {
  const reading r(form({{"file", "x"}, {"model", "m"}, {"stream", "true"}}), endpoint::translations, form_type);
  ASSERT_TRUE(r.request);
  EXPECT_FALSE(r.request->stream);
}

TEST(read_request, sound_may_be_named_by_a_url) {
  const reading r(form({{"url", "https://x/y.mp3"}, {"model", "m"}}), endpoint::transcriptions, form_type);
  ASSERT_TRUE(r.request);
  EXPECT_TRUE(r.request->unsized_media);
}

TEST(read_request, says_what_is_wrong_with_a_form) {
  const refused cases[] = {
      {endpoint::transcriptions, form({{"file", "x"}}), "model", "Missing"},
      {endpoint::transcriptions, form({{"model", "m"}}), "file", "Missing"},
      {endpoint::transcriptions, form({{"model", "m"}, {"file", ""}}), "file", "empty"},
      {endpoint::transcriptions, form({{"model", ""}, {"file", "x"}}), "model", "empty"},
      {endpoint::transcriptions, form({{"model", "\xff"}, {"file", "x"}}), "model", "not UTF-8"},
      {endpoint::transcriptions, form({{"model", "m"}, {"file", "x"}, {"model", "n"}}), "model", "given twice"},
      {endpoint::transcriptions, form({{"Model", "m"}, {"file", "x"}}), "model", "Did you mean 'model'?"},
      {endpoint::transcriptions, form({{"model", "m"}, {"file", "x"}, {"stream", "yes"}}), "stream", "true or false"},
      {endpoint::translations, form({{"model", "m"}, {"file", "x"}, {"temperature", "hot"}}), "temperature",
       "a number"},
      {endpoint::translations, form({{"model", "m"}, {"file", "x"}, {"temperature", "nan"}}), "temperature",
       "a number"},
      {endpoint::translations, form({{"model", "m"}, {"file", "x"}, {"spidergate_options", "{"}}), "spidergate_options",
       "not valid JSON"},
      {endpoint::translations, form({{"model", "m"}, {"file", "x"}, {"spidergate_options", R"({"x":1})"}}),
       "spidergate_options.x", "Unknown option"},
      {endpoint::translations, form({{"model", "m"}, {"file", "x"}, {"strict_params", "1"}}), "strict_params",
       "a boolean"},
      {endpoint::transcriptions, "{}", "", "no valid multipart form"},
  };
  for (const auto& c : cases) expect_refused(c, form_type);
  expect_refused({endpoint::transcriptions, form({{"model", "m"}}), "", "names no valid boundary"},
                 "multipart/form-data");
}

}  // namespace
}  // namespace spidergate::openai
