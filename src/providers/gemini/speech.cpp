#include "../chat/chat_request.hpp"
#include "../error_reading.hpp"
#include "body_text.hpp"
#include "candidate.hpp"
#include "errors.hpp"
#include "gemini_dialect.hpp"
#include "speech_stream.hpp"
#include "stream_frames.hpp"
#include "usage.hpp"

#include <spidergate/core/base64.hpp>
#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace spidergate::providers::gemini {

namespace {

constexpr std::string_view carried[]{"input", "voice", "response_format", "instructions"};
constexpr std::string_view openai_voices[]{"alloy", "ash",  "ballad", "cedar", "coral",   "echo", "fable",
                                           "marin", "nova", "onyx",   "sage",  "shimmer", "verse"};
constexpr std::uint32_t usual_rate = 24'000;

/// "audio/L16;codec=pcm;rate=24000".
std::uint32_t rate_of(std::string_view type) {
  constexpr std::string_view word = "rate=";
  const auto found = type.find(word);
  std::uint32_t rate = usual_rate;
  if (found != std::string_view::npos)
    std::from_chars(type.data() + found + word.size(), type.data() + type.size(), rate);
  return rate == 0 ? usual_rate : rate;
}

void append_little_endian(std::string& out, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i, value >>= 8U) out.push_back(static_cast<char>(value & 0xFFU));
}

/// 16 bits, one channel; as long as can be said, since nobody knows the length of what has not been spoken yet.
void append_wav_head(std::string& out, std::uint32_t rate) {
  constexpr std::uint32_t unknown = 0xFFFFFFFFU, format_bytes = 16, sample_bytes = 2;
  out.append("RIFF");
  append_little_endian(out, unknown, 4);
  out.append("WAVEfmt ");
  append_little_endian(out, format_bytes, 4);
  append_little_endian(out, 1, 2);  // linear PCM
  append_little_endian(out, 1, 2);  // channels
  append_little_endian(out, rate, 4);
  append_little_endian(out, rate * sample_bytes, 4);
  append_little_endian(out, sample_bytes, 2);
  append_little_endian(out, 8 * sample_bytes, 2);
  out.append("data");
  append_little_endian(out, unknown, 4);
}

class speech_stream final : public stream_decoder {
 public:
  explicit speech_stream(const answer_input& in) : wav_(in.memo != pcm_memo) {}

  bool feed(std::string_view bytes, std::string& out) override {
    if (failed_) return false;
    if (facts_.error) return true;
    frames_.feed(bytes);
    while (!facts_.error) {
      const auto found = frames_.next();
      if (found == stream_frames::step::more) return true;
      if (!on_step(found, out)) return false;
    }
    return true;
  }

  bool end(std::string& out) override {
    if (failed_ || facts_.error || !on_step(frames_.finish(), out)) return false;
    if (facts_.finished && !facts_.content_seen && !facts_.error)
      facts_.error = not_an_answer("The provider's answer holds no sound.");
    return facts_.finished && !facts_.error;
  }

  [[nodiscard]] const stream_facts& facts() const noexcept override { return facts_; }
  [[nodiscard]] std::string_view content_type() const noexcept override { return wav_ ? "audio/wav" : "audio/pcm"; }

 private:
  bool fail(std::string message) {
    failed_ = true;
    facts_.error = not_an_answer(std::move(message));
    return false;
  }

  bool on_step(stream_frames::step found, std::string& out) {
    if (found == stream_frames::step::failed) return fail(frames_.failure());
    if (found == stream_frames::step::done) facts_.done = facts_.finished = true;
    if (found != stream_frames::step::answer) return true;
    const auto root = frames_.root();
    if (is_google_error(root)) {
      provider_error error;
      read_google_error(root, error);
      facts_.error = std::move(error);
      return true;
    }
    return on_response(root, out);
  }

  bool on_response(json::value root, std::string& out) {
    const auto usage = read_usage(root.find("usageMetadata"));
    if (usage.tokens) facts_.usage = usage.tokens;
    facts_.usage_impossible = facts_.usage_impossible || usage.impossible;
    if (root.find("promptFeedback").find("blockReason").exists()) blocked(refusal_of(root.find("promptFeedback")));
    for (const auto candidate : root.find("candidates").elements()) {
      for (const auto part : candidate.find("content").find("parts").elements()) {
        if (!sound(part.find("inlineData"), out)) return fail("The provider's sound is not valid base64.");
      }
      const auto finish = read_finish(candidate.find("finishReason"));
      if (finish.how == chat::finish::none) continue;
      facts_.finished = true;
      if (finish.how == chat::finish::content_filter && !facts_.content_seen) blocked(finish.native);
    }
    return true;
  }

  bool sound(json::value data, std::string& out) {
    const auto text = data.find("data").literal();
    if (text.empty()) return true;
    if (!facts_.content_seen && wav_) append_wav_head(out, rate_of(data.find("mimeType").literal()));
    facts_.content_seen = true;
    return append_base64_decoded(out, text);
  }

  void blocked(std::string_view why) {
    provider_error error;
    error.kind = error_class::request_fault;
    error.status = 400;
    error.code = "content_policy_violation";
    error.message = presentable("The provider refused to speak this text: " + std::string(why));
    facts_.error = std::move(error);
  }

  const bool wav_;
  bool failed_ = false;
  stream_frames frames_;
  stream_facts facts_;
};

}  // namespace

std::unique_ptr<stream_decoder> open_speech_stream(const answer_input& in) {
  return std::make_unique<speech_stream>(in);
}

boost::system::result<void, refusal> gemini_dialect::encode_speech(const encode_input& in, wire_request& wire) const {
  thread_local json::reader reader;
  if (!reader.read(in.asked.body)) return refusal{{}, "The request is not valid JSON."};
  const auto root = reader.root();
  const auto format = root.find("response_format").literal();
  if (!format.empty() && format != "wav" && format != "pcm")
    return chat::cannot(in, "response_format", "makes sound as wav or pcm alone");
  if (root.find("stream_format").literal() == "sse")
    return chat::cannot(in, "stream_format", "hands out sound as it is, not in events");
  const auto voice = root.find("voice").literal();
  if (std::find(std::begin(openai_voices), std::end(openai_voices), voice) != std::end(openai_voices))
    return chat::cannot(in, "voice", "has voices of its own, such as Kore, Puck, Charon or Zephyr");
  if (const auto dropped = chat::drop_others(in, carried, wire); !dropped) return dropped.error();
  wire.memo = format == "pcm" ? pcm_memo : wav_memo;
  body_text out(wire);
  out.add(R"({"contents":[{"role":"user","parts":[{"text":")");
  // How to speak is said in the text itself on this API.
  if (const auto how = root.find("instructions").literal(); !how.empty()) out.view(how).add(":\\n");
  out.view(root.find("input").literal());
  out.add(R"("}]}],"generationConfig":{"responseModalities":["AUDIO"])");
  if (!voice.empty())
    out.add(R"(,"speechConfig":{"voiceConfig":{"prebuiltVoiceConfig":{"voiceName":)").literal(voice).add("}}}");
  out.add("}}").flush();
  address(in, "streamGenerateContent", wire);
  return {};
}

}  // namespace spidergate::providers::gemini
