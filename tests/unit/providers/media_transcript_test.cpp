#include "media_asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;

constexpr auto deepgram_answer = R"({"metadata":{"duration":3.4567},"results":{"channels":[{"detected_language":"en",
  "alternatives":[{"transcript":"Hello, world. It's \u00e9.","words":[
    {"word":"hello","punctuated_word":"Hello,","start":0.1,"end":0.5,"confidence":0.9},
    {"word":"world","punctuated_word":"world.","start":0.6,"end":1.0,"confidence":0.7},
    {"word":"it's","punctuated_word":"It's","start":1.2,"end":1.5,"confidence":1},
    {"word":"é","punctuated_word":"\u00e9.","start":1.5,"end":3.25,"confidence":1}]}]}]}})";

TEST(deepgram_listen, sends_the_sound_bare_and_its_options_in_the_query) {
  const asked_form q({{"language", "pt-BR"},
                      {"diarize", "true"},
                      {"keyterm", "a b&c"},
                      {"prompt", "p"},
                      {"temperature", "0"},
                      {"spidergate_options", "{}"}});
  const auto s = send("deepgram", q.request, "nova-3");
  EXPECT_EQ(s.target, "/v1/listen?model=nova-3&language=pt-BR&smart_format=true&diarize=true&keyterm=a%20b%26c");
  EXPECT_EQ(s.body, "RIFFsound");
  EXPECT_EQ(s.content_type, "audio/wav");
  EXPECT_EQ(s.dropped, std::vector<std::string>{"prompt"});
}

TEST(deepgram_listen, finds_the_language_out_where_the_model_can) {
  const asked_form q({});
  EXPECT_NE(send("deepgram", q.request, "nova-3").target.find("detect_language=true"), std::string::npos);
  EXPECT_EQ(send("deepgram", q.request, "nova-2-meeting").target.find("detect_language"), std::string::npos);
}

TEST(transcripts, are_json_unless_another_form_is_wanted) {
  const auto a = hear("deepgram", asked_form({}).request, deepgram_answer);
  EXPECT_EQ(json::parse(a.out),
            json::parse(R"({"text":"Hello, world. It's é.","usage":{"type":"duration","seconds":4}})"));
  EXPECT_EQ(a.facts.usage->audio_ms_in, 3457);
  EXPECT_EQ(a.facts.text_bytes, 22);
}

TEST(transcripts, have_times_of_sentences_or_words_when_verbose) {
  const auto verbose = [](const asked_form::fields& more) {
    auto fields = more;
    fields.emplace_back("response_format", "verbose_json");
    return json::parse(hear("deepgram", asked_form(fields).request, deepgram_answer).out);
  };
  const auto a = verbose({});
  EXPECT_EQ(a["language"], "en");
  EXPECT_EQ(a["duration"], 3.457);
  ASSERT_EQ(a["segments"].size(), 2U);
  EXPECT_EQ(a["segments"][0]["text"], "Hello, world.");
  EXPECT_EQ(a["segments"][1]["start"], 1.2);
  EXPECT_EQ(a["segments"][1]["end"], 3.25);
  EXPECT_FALSE(a.contains("words"));
  const auto b = verbose({{"timestamp_granularities[]", "word"}});
  EXPECT_FALSE(b.contains("segments"));
  ASSERT_EQ(b["words"].size(), 4U);
  EXPECT_EQ(b["words"][3], json::parse(R"({"word":"é.","start":1.5,"end":3.25})"));
}

TEST(transcripts, become_text_and_subtitles) {
  const auto as = [](const std::string& form) {
    return hear("deepgram", asked_form({{"response_format", form}}).request, deepgram_answer);
  };
  EXPECT_EQ(as("text").out, "Hello, world. It's é.\n");
  EXPECT_EQ(as("text").content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(as("srt").out,
            "1\n00:00:00,100 --> 00:00:01,000\nHello, world.\n\n2\n00:00:01,200 --> 00:00:03,250\nIt's é.\n\n");
  EXPECT_EQ(as("vtt").out.substr(0, 43), "WEBVTT\n\n00:00:00.100 --> 00:00:01.000\nHello");
  EXPECT_EQ(send("deepgram", asked_form({{"response_format", "diarized_json"}}).request, "nova-3").refused_param,
            "response_format");
}

TEST(transcripts, of_two_channels_stand_one_below_the_other) {
  const auto a = hear("deepgram", asked_form({}).request,
                      R"({"results":{"channels":[{"alternatives":[{"transcript":"a"},{"transcript":"worse"}]},
                          {"alternatives":[{"transcript":"b"}]}]}})");
  EXPECT_EQ(json::parse(a.out), json::parse(R"({"text":"a\nb"})"));
  EXPECT_FALSE(a.facts.usage);
}

TEST(transcripts, that_are_none_are_errors) {
  for (const auto* dialect : {"deepgram", "elevenlabs", "assemblyai"}) {
    for (const auto* body :
         {"{}", "[]", "", "<html>", R"({"text":7})", R"({"results":{"channels":7}})", R"({"status":"??"})"}) {
      EXPECT_TRUE(hear(dialect, asked_form({}).request, body).error) << dialect << " " << body;
    }
  }
}

TEST(elevenlabs_listen, writes_a_form_of_its_own) {
  const asked_form q({{"language", "de"}, {"temperature", "0.3"}, {"prompt", "p"}, {"num_speakers", "2"}},
                     "sound with --sg- in it");
  const auto s = send("elevenlabs", q.request, "scribe_v1");
  EXPECT_EQ(s.target, "/v1/speech-to-text");
  const auto boundary = s.content_type.substr(s.content_type.find('=') + 1);
  const auto has = [&](const std::string& head, const std::string& content) {
    return s.body.find("--" + boundary + "\r\nContent-Disposition: form-data; " + head + "\r\n\r\n" + content +
                       "\r\n") != std::string::npos;
  };
  EXPECT_TRUE(has("name=\"model_id\"", "scribe_v1")) << s.body;
  EXPECT_TRUE(has("name=\"language_code\"", "de"));
  EXPECT_TRUE(has("name=\"temperature\"", "0.3"));
  EXPECT_TRUE(has("name=\"num_speakers\"", "2"));
  EXPECT_TRUE(has("name=\"tag_audio_events\"", "false"));
  EXPECT_TRUE(has("name=\"file\"; filename=\"talk.wav\"\r\nContent-Type: audio/wav", "sound with --sg- in it"));
  EXPECT_TRUE(s.body.ends_with("\r\n--" + boundary + "--\r\n"));
  EXPECT_EQ(s.dropped, std::vector<std::string>{"prompt"});
}

TEST(elevenlabs_listen, puts_spaces_where_the_language_has_them) {
  const auto a = hear("elevenlabs", asked_form({{"response_format", "srt"}}).request,
                      R"({"language_code":"eng","text":"Hi you!","words":[
                          {"text":"Hi","start":0,"end":0.5,"type":"word","logprob":-0.1},
                          {"text":" ","start":0.5,"end":0.6,"type":"spacing"},
                          {"text":"you","start":0.6,"end":0.9,"type":"word"},
                          {"text":"!","start":0.9,"end":1.5,"type":"word"}]})");
  EXPECT_EQ(a.out, "1\n00:00:00,000 --> 00:00:01,500\nHi you!\n\n");
  EXPECT_EQ(a.facts.usage->audio_ms_in, 1500);
}

TEST(assemblyai_listen, uploads_orders_and_polls) {
  const asked_form q({{"language", "en"}, {"speaker_labels", "true"}, {"response_format", "verbose_json"}});
  const auto s = send("assemblyai", q.request, "universal-2");
  EXPECT_EQ(s.target, "/v1/upload");
  EXPECT_EQ(s.body, "RIFFsound");
  EXPECT_EQ(s.content_type, "application/octet-stream");
  const auto ordered = hear("assemblyai", q.request, R"({"upload_url":"https://cdn/x"})", s.memo);
  ASSERT_TRUE(ordered.next);
  EXPECT_EQ(ordered.next->method, "POST");
  EXPECT_EQ(ordered.next->target, "/v1/transcript");
  EXPECT_EQ(
      json::parse(ordered.next->body),
      json::parse(R"({"audio_url":"https://cdn/x","speech_models":["m"],"language_code":"en","speaker_labels":true})"));
  const auto polled = hear("assemblyai", q.request, R"({"id":"t-1","status":"queued"})", ordered.next->memo);
  ASSERT_TRUE(polled.next);
  EXPECT_EQ(polled.next->target, "/v1/transcript/t-1");
  EXPECT_EQ(polled.next->method, "GET");
  EXPECT_EQ(polled.next->after, std::chrono::milliseconds(500));
  const auto again = hear("assemblyai", q.request, R"({"id":"t-1","status":"processing"})", "poll 8 /v1");
  EXPECT_EQ(again.next->memo, "poll 9 /v1");
  EXPECT_EQ(again.next->after, std::chrono::milliseconds(1500));
  const auto done = hear("assemblyai", q.request,
                         R"({"id":"t-1","status":"completed","text":"Hi.","audio_duration":2,"language_code":"en_us",
                             "words":[{"text":"Hi.","start":100,"end":900,"confidence":0.5}]})",
                         polled.next->memo);
  const auto said = json::parse(done.out);
  EXPECT_EQ(said["segments"][0]["end"], 0.9);
  EXPECT_EQ(said["language"], "en_us");
  EXPECT_EQ(done.facts.usage->audio_ms_in, 2000);
}

TEST(assemblyai_listen, trusts_no_id_that_would_be_another_path) {
  for (const auto* id : {R"("../x")", R"("a/b")", R"("")", R"("a b")", "7"}) {
    const auto body = R"({"status":"queued","id":)" + std::string(id) + "}";
    EXPECT_TRUE(hear("assemblyai", asked_form({}).request, body, "poll 1 /v1").error) << id;
  }
  const auto failed = hear("assemblyai", asked_form({}).request, R"({"id":"a","status":"error","error":"no sound"})");
  EXPECT_EQ(failed.error->message, "no sound");
}

}  // namespace
}  // namespace spidergate::providers
