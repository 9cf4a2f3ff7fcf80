#include "transcript.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <memory>
#include <utility>

namespace spidergate::providers::media {

namespace {

constexpr double longest_sound_s = 1e7;
constexpr double longest_pause_s = 1.0, longest_segment_s = 7.0;
constexpr std::size_t most_bytes_of_word = 192;    // verbose, each a segment of its own: enough for most
constexpr std::size_t longest_segment_bytes = 84;  // two lines of a subtitle

struct segment {
  std::string text_json;
  double start_s = 0, end_s = 0;
  double confidence = 0;  ///< mean of the words'
};

bool ends_sentence(std::string_view text) {
  constexpr std::array<std::string_view, 7> ends{".", "?", "!", "…", "。", "？", "！"};
  return std::any_of(ends.begin(), ends.end(), [text](std::string_view end) { return text.ends_with(end); });
}

/// Hands each segment to `write` as it is done, so that never more than one is kept.
template <class Write>
class segmenter {
 public:
  explicit segmenter(Write write) : write_(std::move(write)) {}

  void run(const transcript& heard) {
    for (const auto& word : heard.words) add(word);
    close();
    if (heard.words.empty() && !heard.text_json.empty())
      write_({.text_json = heard.text_json, .start_s = 0, .end_s = heard.seconds.value_or(0)});
  }

 private:
  void add(const heard_word& word) {
    const bool far =
        count_ > 0 && (word.start_s - now_.end_s > longest_pause_s || word.end_s - now_.start_s > longest_segment_s ||
                       now_.text_json.size() + word.text_json.size() > longest_segment_bytes);
    if (far && !word.glued) close();
    if (count_ == 0) now_.start_s = word.start_s;
    if (count_ > 0 && !word.glued) now_.text_json.push_back(' ');
    now_.text_json.append(word.text_json);
    now_.end_s = std::max(word.end_s, now_.start_s);
    now_.confidence += word.confidence;
    ++count_;
    if (ends_sentence(word.text_json)) close();
  }

  void close() {
    if (count_ == 0) return;
    now_.confidence /= count_;
    write_(now_);
    now_ = {};
    count_ = 0;
  }

  Write write_;
  segment now_;
  double count_ = 0;
};

/// Milliseconds exactly, without trailing zeros beyond one: "1.25".
std::string number(double seconds) {
  std::array<char, 64> text{};
  const auto [end, failure] = std::to_chars(text.data(), text.data() + text.size(), std::round(seconds * 1000) / 1000,
                                            std::chars_format::fixed);
  return failure == std::errc{} ? std::string(text.data(), end) : "0";
}

/// "00:01:02,345".
std::string clock_of(double seconds, char point) {
  const auto ms = static_cast<std::int64_t>(std::llround(seconds * 1000));
  std::array<char, 48> text{};
  const int size = std::snprintf(text.data(), text.size(), "%02lld:%02lld:%02lld%c%03lld",
                                 static_cast<long long>(ms / 3'600'000), static_cast<long long>(ms / 60'000 % 60),
                                 static_cast<long long>(ms / 1000 % 60), point, static_cast<long long>(ms % 1000));
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string subtitles(const transcript& heard, bool web) {
  std::string out = web ? "WEBVTT\n\n" : "";
  std::int64_t index = 0;
  const char point = web ? '.' : ',';
  segmenter([&](const segment& s) {
    if (!web) out.append(std::to_string(++index)).push_back('\n');
    out.append(clock_of(s.start_s, point)).append(" --> ").append(clock_of(s.end_s, point)).push_back('\n');
    json::append_unescaped(out, s.text_json);
    out.append("\n\n");
  }).run(heard);
  return out;
}

/// OpenAI's schema requires every member; what only its own decoder knows is 0.
void put_segments(std::string& out, const transcript& heard) {
  out.append(",\"segments\":[");
  std::int64_t index = 0;
  segmenter([&](const segment& s) {
    const double logprob = s.confidence > 0 ? std::log(std::min(s.confidence, 1.0)) : 0;
    if (index > 0) out.push_back(',');
    out.append("{\"id\":").append(std::to_string(index++)).append(",\"seek\":0,\"start\":").append(number(s.start_s));
    out.append(",\"end\":").append(number(s.end_s)).append(",\"text\":\"").append(s.text_json);
    out.append(R"(","tokens":[],"temperature":0,"avg_logprob":)").append(number(logprob));
    out.append(R"(,"compression_ratio":0,"no_speech_prob":0})");
  }).run(heard);
  out.push_back(']');
}

void put_words(std::string& out, const transcript& heard) {
  out.append(",\"words\":[");
  bool first = true;
  for (const auto& word : heard.words) {
    if (!std::exchange(first, false)) out.push_back(',');
    out.append("{\"word\":\"").append(word.text_json).append("\",\"start\":").append(number(word.start_s));
    out.append(",\"end\":").append(number(word.end_s)).push_back('}');
  }
  out.push_back(']');
}

std::string as_json(const transcript& heard, const transcript_wish& wish) {
  std::string out = "{";
  const bool verbose = wish.form == transcript_form::verbose_json;
  if (verbose) out.reserve(heard.text_json.size() + heard.words.size() * most_bytes_of_word);
  if (verbose) {
    out.append("\"task\":\"transcribe\",\"language\":");
    append_json_string(out, heard.language);
    out.append(",\"duration\":").append(number(heard.seconds.value_or(0))).push_back(',');
  }
  out.append("\"text\":\"").append(heard.text_json).push_back('"');
  if (verbose && wish.segments) put_segments(out, heard);
  if (verbose && wish.words) put_words(out, heard);
  if (heard.seconds) {
    const auto whole = static_cast<std::int64_t>(std::ceil(*heard.seconds));
    out.append(R"(,"usage":{"type":"duration","seconds":)").append(std::to_string(whole)).push_back('}');
  }
  return out.append("}");
}

}  // namespace

std::optional<double> seconds_in(json::value v) {
  if (!v.is(json::kind::number)) return std::nullopt;
  const auto raw = v.raw();
  double seconds = 0;
  const auto [end, failure] = std::from_chars(raw.data(), raw.data() + raw.size(), seconds);
  const bool sound = failure == std::errc{} && seconds >= 0 && seconds <= longest_sound_s;
  return sound ? std::optional(seconds) : std::nullopt;
}

client_answer to_client(const transcript& heard, const answer_input& in) {
  const auto wish = transcript_wish_of(in.asked);
  client_answer out;
  auto text = std::make_unique<std::string>();
  switch (wish.form) {
    case transcript_form::json:
    case transcript_form::verbose_json:
      *text = as_json(heard, wish);
      break;
    case transcript_form::text:
      json::append_unescaped(*text, heard.text_json);
      text->push_back('\n');
      out.content_type = "text/plain; charset=utf-8";
      break;
    case transcript_form::srt:
      *text = subtitles(heard, false);
      out.content_type = "text/plain; charset=utf-8";
      break;
    case transcript_form::vtt:
      *text = subtitles(heard, true);
      out.content_type = "text/vtt; charset=utf-8";
      break;
  }
  out.facts.text_bytes = static_cast<std::int64_t>(json::unescaped_size(heard.text_json));
  if (heard.seconds) {
    out.facts.usage.emplace().audio_ms_in = static_cast<std::int64_t>(std::llround(*heard.seconds * 1000));
  }
  out.owned.push_back(std::move(text));
  out.body.emplace_back(*out.owned.back());
  return out;
}

}  // namespace spidergate::providers::media
