#include "../error_reading.hpp"
#include "../line_framer.hpp"
#include "message.hpp"
#include "ollama_dialect.hpp"

#include <spidergate/json/reader.hpp>

namespace spidergate::providers::ollama {

namespace {

/// One JSON object a line; the last one says `"done": true` and has the counts.
class ollama_stream final : public stream_decoder {
 public:
  explicit ollama_stream(const answer_input& in) : in_(in), chunks_(in_) {}

  [[nodiscard]] bool feed(std::string_view bytes, std::string& out) override {
    if (facts().error || facts().done) return !broken_;
    lines_.feed(bytes);
    std::string_view line;
    while (true) {
      const auto step = lines_.next(line);
      if (step == line_framer::step::more) return true;
      if (step == line_framer::step::oversize) return fail("A line of the provider's stream is longer than 1 MiB.");
      if (!on_line(line, out)) return false;
      if (facts().error || facts().done) return true;
    }
  }

  [[nodiscard]] bool end(std::string& out) override {
    std::string_view line;
    if (!facts().error && !facts().done && lines_.finish(line) && !on_line(line, out)) return false;
    return !facts().error && chunks_.end(out);
  }

  [[nodiscard]] const stream_facts& facts() const noexcept override { return chunks_.facts(); }

 private:
  [[nodiscard]] bool fail(std::string message) {
    chunks_.failed(not_an_answer(std::move(message)));
    broken_ = true;
    return false;
  }

  [[nodiscard]] bool on_line(std::string_view line, std::string& out) {
    if (!reader_.read(line, json::surrogates::any) || !reader_.root().is(json::kind::object)) {
      return fail("A line of the provider's stream is not a JSON object.");
    }
    const auto root = reader_.root();
    if (root.find("error").given()) {
      provider_error error;
      read_error(root, error);
      error.kind = classify(error);
      chunks_.failed(std::move(error));
      return true;
    }
    chunks_.identify({}, root.find("model").literal());
    on_message(root, out);
    if (root.find("done").boolean() == true) on_done(root, out);
    return true;
  }

  void on_message(json::value root, std::string& out) {
    const auto message = root.find("message");
    if (const auto text = message.find("thinking").literal(); !text.empty()) chunks_.reasoning(out, text);
    if (const auto text = message.find("content").literal(); !text.empty()) chunks_.content(out, text);
    for (const auto call : message.find("tool_calls").elements()) {
      const auto made = call_of(call);
      const auto index = chunks_.call(out, made.id_json, made.name_json);
      chunks_.arguments(out, index, made.arguments_json.empty() ? "{}" : made.arguments_json);
    }
    if (const auto list = logprobs_of(root.find("logprobs")); !list.empty()) chunks_.logprobs(out, list);
  }

  void on_done(json::value root, std::string& out) {
    const auto reason = root.find("done_reason").text();
    chunks_.finished(out, finish_of(reason, chunks_.has_calls()), reason);
    const auto said = counts_of(root);
    if (said.tokens) chunks_.used(*said.tokens);
    if (said.impossible) chunks_.usage_impossible();
    chunks_.done();
  }

  answer_input in_;
  chat::chunk_writer chunks_;
  line_framer lines_;
  json::reader reader_;
  bool broken_ = false;
};

}  // namespace

std::unique_ptr<stream_decoder> ollama_dialect::open_stream(const answer_input& in, std::string_view) const {
  return std::make_unique<ollama_stream>(in);
}

}  // namespace spidergate::providers::ollama
