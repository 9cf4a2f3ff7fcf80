// Images, speech, transcripts and rerank in OpenAI's dialect.
#include "asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;
using model::endpoint;

struct form {
  explicit form(std::string more = {}, endpoint kind = endpoint::transcriptions) {
    text = "--x\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nm\r\n" + std::move(more) +
           "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a \\\"b\\\".wav\"\r\nContent-Type: "
           "audio/wav\r\n\r\nRIFF\r\n--y\r\n\r\n--x--\r\n";
    const std::size_t size = text.size();
    text.append(64, '\0');
    auto outcome =
        openai::read_request(kind, std::string_view(text).substr(0, size), "multipart/form-data; boundary=x");
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    if (outcome) request = std::move(*outcome);
  }
  std::string text;
  model::inference_request request;
};

std::string field(const std::string& name, const std::string& value) {
  return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n";
}

boost::system::result<wire_request, refusal> encode(const model::inference_request& asked,
                                                    const catalogue::provider& provider = {}) {
  const credential secret{secret_string("k"), {}};
  return openai_dialect().encode({asked, provider, "/v1", "served", secret, {}});
}

struct decoding {
  std::string out, type;
  answer_facts facts;
  std::optional<provider_error> error;
};

decoding decode(const model::inference_request& asked, std::string body, std::string_view type = "application/json",
                const catalogue::model_entry* entry = nullptr) {
  static const catalogue::provider nobody;
  const answer_input in{.asked = asked, .provider = nobody, .model = "m", .entry = entry, .request_id = "req_1"};
  const std::size_t size = body.size();
  body.append(64, '\0');
  auto r = openai_dialect().decode(in, type, std::string_view(body).substr(0, size));
  if (!r) return {{}, {}, {}, r.error()};
  const auto& answer = std::get<client_answer>(*r);
  return {joined(answer.body), answer.content_type, answer.facts, std::nullopt};
}

TEST(openai_form, is_written_anew_with_the_model_that_serves_and_without_our_fields) {
  const form f(field("language", "de") + field("strict_params", "true"));
  const auto wire = encode(f.request);
  ASSERT_TRUE(wire);
  EXPECT_EQ(wire->target, "/v1/audio/transcriptions");
  const auto boundary = "--" + wire->content_type.substr(wire->content_type.find('=') + 1);
  const auto part = [&](const std::string& head, const std::string& content) {
    return boundary + "\r\nContent-Disposition: form-data; name=" + head + "\r\n\r\n" + content + "\r\n";
  };
  EXPECT_EQ(joined(wire->body),
            part("\"model\"", "served") + part("\"language\"", "de") +
                part("\"file\"; filename=\"a \\%22b\\%22.wav\"\r\nContent-Type: audio/wav", "RIFF\r\n--y\r\n") +
                boundary + "--\r\n");
}

TEST(openai_form, keeps_the_file_a_view_of_the_clients_bytes) {
  const form f;
  const auto wire = encode(f.request);
  ASSERT_TRUE(wire);
  const auto* file = f.request.find_part("file");
  EXPECT_TRUE(std::any_of(wire->body.begin(), wire->body.end(),
                          [&](std::string_view piece) { return piece.data() == file->content.data(); }));
}

TEST(openai_form, has_a_boundary_that_no_part_holds) {
  const form plain;
  const auto first = encode(plain.request)->content_type;
  const auto boundary = first.substr(first.find('=') + 1);
  auto colliding = plain.request;
  const std::string content = std::string(plain.request.form.back().content) + boundary;
  for (auto& part : colliding.form) {
    if (part.name == "prompt") part.content = boundary;
  }
  colliding.form.push_back({"prompt", {}, {}, boundary});
  const auto second = encode(colliding)->content_type;
  EXPECT_NE(second.substr(second.find('=') + 1), boundary);
}

TEST(openai_form, drops_and_renames_what_the_catalogue_says) {
  catalogue::provider provider;
  provider.drops = {"prompt"};
  provider.renames = {{"language", "lang"}};
  const form f(field("language", "de") + field("prompt", "p"));
  const auto wire = encode(f.request, provider);
  ASSERT_TRUE(wire);
  const auto body = joined(wire->body);
  EXPECT_NE(body.find("name=\"lang\""), std::string::npos);
  EXPECT_EQ(body.find("name=\"prompt\""), std::string::npos);
  EXPECT_EQ(wire->dropped_params, std::vector<std::string>{"prompt"});
}

TEST(openai_form, becomes_json_where_the_provider_takes_that) {
  catalogue::provider provider;
  provider.traits = {{"transcription", "json"}};
  const form f(field("language", "de") + field("temperature", "0.5") + field("prompt", "p"));
  const auto wire = encode(f.request, provider);
  ASSERT_TRUE(wire);
  EXPECT_EQ(wire->content_type, "application/json");
  const json sent = json::parse(joined(wire->body));
  EXPECT_EQ(sent["input_audio"]["data"], "UklGRg0KLS15DQo=");
  EXPECT_EQ(sent["temperature"], 0.5);
  EXPECT_EQ(sent["language"], "de");
  EXPECT_EQ(wire->dropped_params, std::vector<std::string>{"prompt"});
  EXPECT_FALSE(encode(form(field("response_format", "srt")).request, provider));
  for (const std::string_view odd : {"1,\"model\":2", "inf", "", "\"1\""}) {
    auto smuggling = f.request;
    for (auto& part : smuggling.form) {
      if (part.name == "temperature") part.content = odd;
    }
    EXPECT_FALSE(encode(smuggling, provider)) << odd;
  }
  EXPECT_FALSE(encode(form({}, endpoint::translations).request, provider));
}

TEST(openai_transcript, passes_json_and_counts_tokens_or_seconds) {
  const form f;
  const std::string tokens =
      R"({"text":"hi","usage":{"type":"tokens","input_tokens":10,"input_token_details":{"audio_tokens":8},"output_tokens":3,"total_tokens":13}})";
  auto d = decode(f.request, tokens);
  EXPECT_EQ(d.out, tokens);
  EXPECT_EQ(d.facts.usage->audio_prompt, 8);
  EXPECT_EQ(d.facts.usage->completion, 3);
  EXPECT_EQ(decode(f.request, R"({"text":"hi","usage":{"type":"duration","seconds":3}})").facts.usage->audio_ms_in,
            3000);
  EXPECT_EQ(decode(f.request, R"({"text":"hi","duration":1.25,"segments":[]})").facts.usage->audio_ms_in, 1250);
  EXPECT_EQ(decode(f.request, R"({"text":"hi","duration":"2.5"})").facts.usage->audio_ms_in, 2500);
  for (const auto* odd : {R"({"text":"hi"})", R"({"text":"hi","duration":-1})", R"({"text":"hi","duration":1e300})"})
    EXPECT_FALSE(decode(f.request, odd).facts.usage) << odd;
}

TEST(openai_transcript, is_bare_text_where_that_was_asked_for) {
  const form vtt(field("response_format", "vtt"));
  auto d = decode(vtt.request, "WEBVTT\n\n00:00.000 --> 00:01.000\nhi\n", "text/vtt");
  EXPECT_EQ(d.out, "WEBVTT\n\n00:00.000 --> 00:01.000\nhi\n");
  EXPECT_EQ(d.type, "text/vtt");
  const form text(field("response_format", "text"));
  d = decode(text.request, R"({"text":"h\u00e9","usage":{"seconds":1}})");
  EXPECT_EQ(d.out, "h\xC3\xA9\n") << "from a server that answers JSON whatever is asked";
  EXPECT_EQ(d.facts.usage->audio_ms_in, 1000);
}

TEST(openai_transcript, is_none_where_the_answer_is_an_error_or_a_page) {
  const form f;
  EXPECT_EQ(decode(f.request, R"({"error":{"message":"bad sound"}})").error->message, "bad sound");
  EXPECT_TRUE(decode(f.request, "plain words", "text/plain").error);
  EXPECT_TRUE(decode(form(field("response_format", "text")).request, "<html>", "text/html").error);
  EXPECT_TRUE(decode(f.request, R"({"words":[]})").error);
}

TEST(openai_images, are_counted_with_their_variant_pixels_and_tokens) {
  const asked q(R"({"model":"m","prompt":"a","quality":"hd","size":"1024x1792","n":2})", endpoint::images);
  auto d = decode(q.request, R"({"created":1,"data":[{"url":"u"},{"url":"v"}]})");
  EXPECT_EQ(d.facts.usage->images, 2);
  EXPECT_EQ(d.facts.usage->image_variant, "hd_1024x1792");
  EXPECT_EQ(d.facts.usage->pixels, 2 * 1024 * 1792);
  d = decode(
      q.request,
      R"({"created":1,"data":[{"b64_json":"x"}],"quality":"low","size":"1024x1024","usage":{"input_tokens":14,"input_tokens_details":{"image_tokens":4,"text_tokens":10},"output_tokens":272,"total_tokens":286}})");
  EXPECT_EQ(d.facts.usage->image_variant, "low_1024x1024");
  EXPECT_EQ(d.facts.usage->image_prompt, 4);
  EXPECT_EQ(d.facts.usage->image_completion, 272);
  EXPECT_EQ(decode(q.request, R"({"data":[{"url":"u"}]})").out, R"({"created":0,"data":[{"url":"u"}]})");
  EXPECT_TRUE(decode(q.request, R"({"data":[]})").error);
}

const std::string rerank_body = R"({"model":"m","query":"q","documents":["a",{"text":"b"},{"text":"c","n":1}])";

TEST(openai_rerank, sends_bare_texts_where_objects_hold_nothing_else) {
  const asked q(rerank_body + "}", endpoint::rerank);
  const auto wire = encode(q.request);
  ASSERT_TRUE(wire);
  EXPECT_EQ(wire->target, "/v1/rerank");
  EXPECT_EQ(joined(wire->body), R"({"model":"served","query":"q","documents":["a","b",{"text":"c","n":1}]})");
}

TEST(openai_rerank, answers_have_one_form_whoever_wrote_them) {
  const asked q(rerank_body + "}", endpoint::rerank);
  const std::string ours =
      R"({"id":"i","object":"list","model":"x","results":[{"index":1,"relevance_score":0.9},{"index":0,"relevance_score":1e-3}],"usage":{"prompt_tokens":5,"total_tokens":5}})";
  auto d = decode(q.request, ours);
  EXPECT_EQ(d.out, ours) << "in our form already";
  EXPECT_EQ(d.facts.usage->prompt, 5);
  const auto scores = [](const decoding& from) {
    std::string text;
    const json read = json::parse(from.out);
    EXPECT_EQ(read["object"], "list");
    EXPECT_TRUE(read["id"].is_string() && read["model"].is_string());
    for (const auto& r : read["results"]) text += r["index"].dump() + ":" + r["relevance_score"].dump() + " ";
    return text;
  };
  struct {
    const char *who, *body;
  } const cases[]{
      {"cohere",
       R"({"id":"i","results":[{"index":1,"relevance_score":0.5},{"index":0,"relevance_score":0.25}],"meta":{"billed_units":{"search_units":1}}})"},
      {"voyage",
       R"({"object":"list","data":[{"index":1,"relevance_score":0.5,"document":"b"},{"index":0,"relevance_score":0.25}],"model":"v","usage":{"total_tokens":9}})"},
      {"tei", R"([{"index":0,"score":0.25},{"index":1,"score":0.5}])"},
      {"sglang", R"([{"score":0.5,"document":"b","index":1,"meta_info":{}},{"score":0.25,"document":"a","index":0}])"},
      {"deepinfra", R"({"scores":[0.25,0.5],"input_tokens":7})"},
      {"nvidia", R"({"rankings":[{"index":1,"logit":0.5},{"index":0,"logit":0.25}]})"},
  };
  for (const auto& c : cases) EXPECT_EQ(scores(decode(q.request, c.body)), "1:0.5 0:0.25 ") << c.who;
  EXPECT_EQ(decode(q.request, cases[0].body).facts.usage->searches, 1);
  EXPECT_EQ(json::parse(decode(q.request, cases[1].body).out)["results"][0]["document"], json({{"text", "b"}}));
  EXPECT_TRUE(decode(q.request, R"({"results":[{"index":-1,"relevance_score":1}]})").error);
  EXPECT_TRUE(decode(q.request, R"({"message":"no"})").error);
}

TEST(openai_rerank, returns_documents_and_the_best_where_the_server_does_not) {
  const asked q(rerank_body + R"(,"return_documents":true,"top_n":2})", endpoint::rerank);
  const auto d = decode(
      q.request,
      R"({"results":[{"index":2,"relevance_score":3},{"index":1,"relevance_score":2},{"index":0,"relevance_score":1}]})");
  EXPECT_EQ(
      json::parse(d.out)["results"],
      json::parse(
          R"([{"index":2,"relevance_score":3,"document":{"text":"c","n":1}},{"index":1,"relevance_score":2,"document":{"text":"b"}}])"));
}

TEST(openai_speech, passes_bytes_as_they_come_and_counts_characters) {
  const asked q(R"({"model":"m","input":"h\u00e9!","voice":"alloy","response_format":"pcm"})", endpoint::speech);
  EXPECT_TRUE(q.request.stream);
  const auto decoder = openai_dialect().open_stream(about(q), "audio/pcm");
  EXPECT_EQ(decoder->content_type(), "audio/pcm");
  std::string out;
  EXPECT_TRUE(decoder->feed(std::string_view("\0data: ", 7), out));
  EXPECT_FALSE(decoder->facts().finished);
  EXPECT_TRUE(decoder->end(out));
  EXPECT_EQ(out, std::string_view("\0data: ", 7));
  EXPECT_EQ(decoder->facts().usage->characters_in, 3);
  EXPECT_FALSE(decoder->facts().usage->estimated);
}

TEST(openai_speech, estimates_tokens_where_they_are_charged) {
  const asked q(R"({"model":"m","input":"hello","voice":"alloy","response_format":"pcm"})", endpoint::speech);
  catalogue::model_entry entry;
  entry.price = model::price{.input = unit_price::from_usd_per_million("1")};
  static const catalogue::provider nobody;
  const answer_input in{.asked = q.request, .provider = nobody, .model = "m", .entry = &entry};
  const auto decoder = openai_dialect().open_stream(in, "audio/pcm");
  std::string out;
  EXPECT_TRUE(decoder->feed(std::string(96'000, 'x'), out));
  EXPECT_TRUE(decoder->facts().usage->estimated);
  EXPECT_EQ(decoder->facts().usage->audio_completion, 42) << "two seconds";
}

TEST(openai_speech, is_none_where_the_answer_is_a_page_json_or_empty) {
  const asked q(R"({"model":"m","input":"hello","voice":"alloy"})", endpoint::speech);
  std::string out;
  EXPECT_FALSE(openai_dialect().open_stream(about(q), "application/json; charset=utf-8")->feed("{}", out));
  EXPECT_FALSE(openai_dialect().open_stream(about(q), "text/html")->feed("<html>", out));
  EXPECT_FALSE(openai_dialect().open_stream(about(q), "audio/mpeg")->end(out));
  EXPECT_EQ(decode(q.request, R"({"error":{"message":"no voice"}})").error->message, "no voice");
  EXPECT_EQ(decode(q.request, "ID3", "audio/mpeg").type, "audio/mpeg");
}

TEST(openai_events, pass_with_their_types_and_end_with_usage) {
  const form f(field("stream", "true"));
  static const catalogue::provider nobody;
  const answer_input in{.asked = f.request, .provider = nobody, .model = "m"};
  const std::string stream =
      "event: transcript.text.delta\ndata: {\"type\":\"transcript.text.delta\",\"delta\":\"hi\"}\n\n"
      "data: {\"type\":\"transcript.text.done\",\"text\":\"hi\",\"usage\":{\"type\":\"tokens\",\"input_tokens\":2,"
      "\"output_tokens\":1,\"total_tokens\":3}}\n\n";
  for (const std::size_t cut : {stream.size(), std::size_t{1}, std::size_t{7}}) {
    const auto decoder = openai_dialect().open_stream(in, "text/event-stream");
    EXPECT_EQ(decoder->content_type(), "");
    std::string out;
    for (std::size_t at = 0; at < stream.size(); at += cut) EXPECT_TRUE(decoder->feed(stream.substr(at, cut), out));
    EXPECT_TRUE(decoder->end(out));
    EXPECT_EQ(out, stream);
    EXPECT_EQ(decoder->facts().usage->prompt, 2);
    EXPECT_EQ(decoder->facts().content_bytes, 2);
  }
}

TEST(openai_events, that_are_errors_or_cut_off_end_the_stream) {
  const form f(field("stream", "true"));
  static const catalogue::provider nobody;
  const answer_input in{.asked = f.request, .provider = nobody, .model = "m"};
  std::string out;
  auto decoder = openai_dialect().open_stream(in, "text/event-stream");
  EXPECT_TRUE(decoder->feed("data: {\"type\":\"error\",\"error\":{\"message\":\"bad\"}}\n\n", out));
  EXPECT_EQ(decoder->facts().error->message, "bad");
  EXPECT_FALSE(decoder->end(out));
  decoder = openai_dialect().open_stream(in, "text/event-stream");
  EXPECT_TRUE(decoder->feed("data: {\"type\":\"transcript.text.delta\",\"delta\":\"hi\"}\n\n", out));
  EXPECT_FALSE(decoder->end(out));
  decoder = openai_dialect().open_stream(in, "text/event-stream");
  EXPECT_FALSE(decoder->feed("data: {no\n\n", out));
}

TEST(openai_events, are_made_of_a_whole_answer_where_one_came) {
  EXPECT_EQ(whole_answer_as_events(R"({"text":"hi","usage":{"seconds":1}})"),
            "data: {\"type\":\"transcript.text.delta\",\"delta\":\"hi\"}\n\ndata: "
            "{\"type\":\"transcript.text.done\",\"text\":\"hi\",\"usage\":{\"seconds\":1}}\n\ndata: [DONE]\n\n");
  EXPECT_EQ(
      whole_answer_as_events(R"({"created":5,"data":[{"b64_json":"eA=="}]})"),
      "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"eA==\",\"created_at\":5}\n\ndata: [DONE]\n\n");
  EXPECT_FALSE(whole_answer_as_events(R"({"error":{"message":"x"}})"));
}

}  // namespace
}  // namespace spidergate::providers
