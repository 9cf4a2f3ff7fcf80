#include "media_asked.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace spidergate::providers {
namespace {

using json = nlohmann::json;

asked speech(const std::string& more) {
  return asked(R"({"model":"m","input":"Say \u00e9\n\"now\"",)" + more + "}", model::endpoint::speech);
}

TEST(elevenlabs_speech, asks_the_voice_for_sound_as_it_is_made) {
  const auto q = speech(R"("voice":"JBFqnCBsd6RMkjVDRZzb","speed":1.1,"seed":7,"instructions":"slowly")");
  const auto s = send("elevenlabs", q.request, "eleven_multilingual_v2");
  EXPECT_EQ(s.target, "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb/stream?output_format=mp3_44100_128");
  EXPECT_EQ(json::parse(s.body), json::parse(R"({"text":"Say \u00e9\n\"now\"","model_id":"eleven_multilingual_v2",
                                                 "seed":7,"voice_settings":{"speed":1.1}})"));
  EXPECT_NE(s.headers.find("x-key: k-1\r\n"), std::string::npos);
  EXPECT_EQ(s.dropped, std::vector<std::string>{"instructions"});
}

TEST(elevenlabs_speech, knows_three_of_openais_formats) {
  for (const auto& [format, as] :
       {std::pair{"opus", "opus_48000_128"}, {"pcm", "pcm_24000"}, {"mp3", "mp3_44100_128"}}) {
    const auto q = speech(R"("voice":"v1","response_format":")" + std::string(format) + "\"");
    EXPECT_NE(send("elevenlabs", q.request, "m").target.find(as), std::string::npos) << format;
  }
  for (const auto* format : {"aac", "flac", "wav"}) {
    const auto q = speech(R"("voice":"v1","response_format":")" + std::string(format) + "\"");
    EXPECT_EQ(send("elevenlabs", q.request, "m").refused_param, "response_format") << format;
  }
}

TEST(elevenlabs_speech, refuses_what_would_be_another_voice_or_no_sound) {
  EXPECT_EQ(send("elevenlabs", speech(R"("voice":"alloy")").request, "m").refused_param, "voice");
  EXPECT_EQ(send("elevenlabs", speech(R"("voice":"a/../b")").request, "m").refused_param, "voice");
  EXPECT_EQ(send("elevenlabs", speech(R"("voice":"v1","stream_format":"sse")").request, "m").refused_param,
            "stream_format");
}

TEST(elevenlabs_speech, lists_a_speed_that_it_cannot_have) {
  const auto q = speech(R"("voice":"v1","speed":3)");
  const auto s = send("elevenlabs", q.request, "m");
  EXPECT_EQ(s.dropped, std::vector<std::string>{"speed"});
  EXPECT_FALSE(json::parse(s.body).contains("voice_settings"));
}

TEST(elevenlabs_speech, passes_sound_on_however_it_is_cut_and_counts_characters) {
  const auto q = speech(R"("voice":"v1")");
  auto stream = find_dialect("elevenlabs")->open_stream(about(q), "audio/mpeg");
  std::string out;
  for (const auto* piece : {"ID3", "\x01\x02", "end"}) EXPECT_TRUE(stream->feed(piece, out));
  EXPECT_TRUE(stream->end(out));
  EXPECT_EQ(out,
            "ID3\x01\x02"
            "end");
  EXPECT_EQ(stream->content_type(), "audio/mpeg");
  EXPECT_EQ(stream->facts().usage->characters_in, 11);
}

TEST(deepgram_speech, calls_a_voice_what_is_a_model_there) {
  const auto target = [](const std::string& more, std::string_view model) {
    const auto q = speech(more);
    return send("deepgram", q.request, model).target;
  };
  EXPECT_EQ(target(R"("voice":"thalia-en")", "aura-2"), "/v1/speak?model=aura-2-thalia-en&encoding=mp3");
  EXPECT_EQ(target(R"("voice":"aura-asteria-en","response_format":"wav")", "aura-2"),
            "/v1/speak?model=aura-asteria-en&encoding=linear16&container=wav&sample_rate=24000");
  EXPECT_EQ(target(R"("voice":"alloy","response_format":"pcm")", "aura-2-thalia-en"),
            "/v1/speak?model=aura-2-thalia-en&encoding=linear16&container=none&sample_rate=24000");
  EXPECT_EQ(send("deepgram", speech(R"("voice":"alloy")").request, "aura-2").refused_param, "voice");
}

TEST(deepgram_speech, sends_the_text_and_lists_the_rest) {
  const auto q = speech(R"("voice":"alloy","speed":1.5,"instructions":"x")");
  const auto s = send("deepgram", q.request, "aura-2-thalia-en");
  EXPECT_EQ(json::parse(s.body), json::parse(R"({"text":"Say \u00e9\n\"now\""})"));
  EXPECT_EQ(s.dropped, (std::vector<std::string>{"speed", "voice", "instructions"}));
}

TEST(media_errors, keep_what_the_provider_says) {
  struct row {
    const char *dialect, *body, *message;
    int status;
    error_class kind;
  };
  const row rows[]{
      {"elevenlabs", R"({"detail":{"status":"quota_exceeded","message":"You have 0 credits"}})", "You have 0 credits",
       401, error_class::rate_limited},
      {"elevenlabs", R"({"detail":{"status":"invalid_api_key","message":"Invalid API key"}})", "Invalid API key", 401,
       error_class::invalid_credentials},
      {"elevenlabs", R"({"detail":{"status":"voice_not_found","message":"No voice"}})", "No voice", 404,
       error_class::request_fault},
      {"elevenlabs", R"({"detail":{"status":"system_busy","message":"Busy"}})", "Busy", 429, error_class::overloaded},
      {"elevenlabs", R"({"detail":[{"loc":["body","text"],"msg":"field required"}]})", "text: field required", 422,
       error_class::request_fault},
      {"deepgram", R"({"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"r"})",
       "Invalid credentials.", 401, error_class::invalid_credentials},
      {"deepgram",
       R"({"err_code":"Bad Request","err_msg":"Bad Request: No such model/language/tier combination found."})",
       "Bad Request: No such model/language/tier combination found.", 400, error_class::no_such_model},
      {"deepgram", R"({"category":"INVALID_JSON","message":"Invalid JSON submitted."})", "Invalid JSON submitted.", 400,
       error_class::request_fault},
      {"fal", R"({"detail":"User is locked. Reason: Exhausted balance."})",
       "User is locked. Reason: Exhausted balance.", 403, error_class::rate_limited},
      {"fal", R"({"detail":[{"loc":["body","prompt"],"msg":"field required","type":"missing"}]})",
       "prompt: field required", 422, error_class::request_fault},
      {"replicate", R"({"title":"Unauthenticated","detail":"You did not pass a token","status":401})",
       "You did not pass a token", 401, error_class::invalid_credentials},
      {"replicate", R"({"detail":"Request was throttled.","status":429,"retry_after":3})", "Request was throttled.",
       429, error_class::rate_limited},
      {"stability", R"({"id":"i","name":"content_moderation","errors":["Flagged by moderation"]})",
       "Flagged by moderation", 403, error_class::request_fault},
      {"stability", R"({"id":"i","name":"unauthorized","errors":["invalid or missing key"]})", "invalid or missing key",
       401, error_class::invalid_credentials},
      {"assemblyai", R"({"error":"Authentication error, API token missing/invalid"})",
       "Authentication error, API token missing/invalid", 401, error_class::invalid_credentials},
  };
  for (const auto& r : rows) {
    const auto error = find_dialect(r.dialect)->decode_error(r.status, {}, r.body);
    EXPECT_EQ(error.message, r.message) << r.dialect;
    EXPECT_EQ(error.kind, r.kind) << r.dialect << ": " << r.body;
    EXPECT_EQ(error.status, r.status);
  }
  const auto wait =
      find_dialect("replicate")->decode_error(429, {}, R"({"detail":"slow","retry_after":3})").retry_after;
  EXPECT_EQ(wait, std::chrono::milliseconds(3000));
}

}  // namespace
}  // namespace spidergate::providers
