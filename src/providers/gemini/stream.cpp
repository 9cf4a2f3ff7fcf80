#include "../chat/answer.hpp"
#include "../chat/invented.hpp"
#include "../error_reading.hpp"
#include "answer_reading.hpp"
#include "candidate.hpp"
#include "errors.hpp"
#include "gemini_dialect.hpp"
#include "speech_stream.hpp"
#include "stream_frames.hpp"
#include "tool_names.hpp"
#include "usage.hpp"

#include <deque>
#include <utility>

namespace spidergate::providers::gemini {

namespace {

/// streamGenerateContent: every event is a generateContent answer of its own, with what is new. There is no end mark; a
/// finishReason ends a candidate.
class gemini_stream final : public stream_decoder {
 public:
  explicit gemini_stream(const answer_input& in) : in_(in), writer_(in) {}

  bool feed(std::string_view bytes, std::string& out) override {
    if (failed_) return false;
    if (over()) return true;
    frames_.feed(bytes);
    while (!over()) {
      const auto found = frames_.next();
      if (found == stream_frames::step::more) return true;
      if (!on_step(found, out)) return false;
    }
    return true;
  }

  bool end(std::string& out) override {
    if (failed_) return false;
    if (!over() && !on_step(frames_.finish(), out)) return false;
    return !facts().error && writer_.end(out);
  }

  [[nodiscard]] const stream_facts& facts() const noexcept override { return writer_.facts(); }

 private:
  struct choice {
    std::int64_t index = 0;
    std::size_t details = 0, calls = 0;
    text_positions text;
    citations sources;
  };
  static constexpr std::size_t most_choices = 16;

  [[nodiscard]] bool over() const noexcept { return facts().error || facts().done; }

  bool on_step(stream_frames::step found, std::string& out) {
    if (found == stream_frames::step::failed) {
      failed_ = true;
      writer_.failed(not_an_answer(frames_.failure()));
      return false;
    }
    if (found == stream_frames::step::done) writer_.done();
    if (found != stream_frames::step::answer) return true;
    const auto root = frames_.root();
    if (is_google_error(root)) {
      provider_error error;
      read_google_error(root, error);
      writer_.failed(std::move(error));
    } else if (root.is(json::kind::object)) {
      on_response(root, out);
    }
    return true;
  }

  void on_response(json::value root, std::string& out) {
    writer_.identify(root.find("responseId").literal(), root.find("modelVersion").literal());
    const auto usage = read_usage(root.find("usageMetadata"));
    if (usage.tokens) writer_.used(*usage.tokens);
    if (usage.impossible) writer_.usage_impossible();
    for (const auto candidate : root.find("candidates").elements()) {
      on_candidate(candidate, out);
      if (facts().error) return;
    }
    const auto feedback = root.find("promptFeedback");
    if (!feedback.find("blockReason").exists() || facts().content_seen) return;
    writer_.refusal(out, refusal_of(feedback));
    writer_.finished(out, chat::finish::content_filter, presentable(feedback.find("blockReason").literal()));
  }

  choice& choice_at(std::int64_t index) {
    for (auto& c : choices_) {
      if (c.index == index) return c;
    }
    if (choices_.size() >= most_choices) return choices_.back();
    choices_.emplace_back().index = index;
    return choices_.back();
  }

  void on_candidate(json::value candidate, std::string& out) {
    auto& of = choice_at(candidate.find("index").whole_number().value_or(0));
    const auto finish = read_finish(candidate.find("finishReason"));
    for (const auto part : candidate.find("content").find("parts").elements()) on_part(part, of, out);
    flush_text(of, out);
    if (facts().error) return;
    writer_.logprobs(out, logprobs_of(candidate.find("logprobsResult")), of.index);
    for (const auto& source : of.sources.take(candidate, of.text)) writer_.annotation(out, source, of.index);
    if (finish.how == chat::finish::none) return;
    if (finish.broken && !facts().content_seen) {
      writer_.failed(broken_answer(candidate, finish));
      return;
    }
    writer_.finished(out, finish.how, finish.native, of.index);
  }

  void on_part(json::value part, choice& of, std::string& out) {
    json::value text, thought, signature, called, data;
    for (const auto& [name, value] : part.members()) {
      if (name == "text") text = value;
      if (name == "thought") thought = value;
      if (name == "thoughtSignature" || name == "thought_signature") signature = value;
      if (name == "functionCall") called = value;
      if (name == "inlineData") data = value;
    }
    const bool plain = text.exists() && !called.exists() && thought.boolean() != true && !data.exists();
    if (plain) {
      text_.append(text.literal());
      of.text.add(text.literal());
    }
    if (!plain || !signature.literal().empty()) flush_text(of, out);
    if (called.exists()) return on_call(called, signature, of, out);
    if (thought.boolean() == true) {
      writer_.reasoning(out, text.literal(), of.index);
    } else if (!plain) {
      writer_.content(out, text.literal(), of.index);
      of.text.add(text.literal());
      writer_.image(out, image_of(data), of.index);
    }
    if (signature.literal().empty()) return;
    writer_.reasoning_detail(out, chat::reasoning_encrypted(signature.literal(), {}, signature_format, of.details++),
                             of.index);
  }

  /// Text in many small parts goes out in one chunk: each has a head that is larger than they.
  void flush_text(choice& of, std::string& out) {
    writer_.content(out, text_, of.index);
    text_.clear();
  }

  void on_call(json::value called, json::value signature, choice& of, std::string& out) {
    const auto name = name_for_client(called.find("name").literal());
    const auto arguments = arguments_of(called);
    if (name == answer_tool && in_.memo == answer_tool_memo) return writer_.content(out, arguments, of.index);
    std::string id(called.find("id").literal());
    if (id.empty()) id = chat::invented_call_id(in_, of.index, static_cast<std::int64_t>(of.calls), name);
    constexpr std::size_t most_calls = 128;
    if (++of.calls > most_calls) {
      writer_.failed(not_an_answer("The provider's answer holds more than 128 calls."));
      return;
    }
    const auto index = writer_.call(out, id, name, of.index, signature_member(signature));
    writer_.arguments(out, index, arguments, of.index);
    if (signature.literal().empty()) return;
    writer_.reasoning_detail(out, chat::reasoning_encrypted(signature.literal(), id, signature_format, of.details++),
                             of.index);
  }

  const answer_input in_;
  chat::chunk_writer writer_;
  bool failed_ = false;
  stream_frames frames_;
  std::deque<choice> choices_;
  std::string text_;  ///< of the parts at hand, not yet written
};

}  // namespace

std::unique_ptr<stream_decoder> gemini_dialect::open_stream(const answer_input& in, std::string_view) const {
  if (in.asked.kind == model::endpoint::speech) return open_speech_stream(in);
  return std::make_unique<gemini_stream>(in);
}

}  // namespace spidergate::providers::gemini
