#include "../error_reading.hpp"
#include "../event_decoder.hpp"
#include "../openai/openai_dialect.hpp"
#include "cohere_dialect.hpp"

namespace spidergate::providers::cohere {

namespace {

class cohere_stream final : public event_decoder {
 public:
  explicit cohere_stream(const answer_input& in) : event_decoder(first_byte::of_events), writer_(in) {}

  const stream_facts& facts() const noexcept override { return writer_.facts(); }

 private:
  // Nobody calls more at once; beyond that, deltas go to the last.
  static constexpr std::size_t most_calls = 1024;
  struct call {
    std::int64_t theirs, ours;
    bool has_arguments;
  };

  bool on_end(std::string& out) override { return writer_.end(out); }
  void set_error(provider_error error) override { writer_.failed(std::move(error)); }

  bool on_event(const sse_event& event, std::string& out) override {
    const auto data = trimmed(event.data);
    if (data.empty()) return true;
    if (data == "[DONE]") {
      writer_.done();
      return true;
    }
    auto& reader = openai::thread_reader();
    if (!reader.read(data, json::surrogates::any)) {
      return fail_to_read(reader.failure().message);
    }
    const auto root = reader.root();
    if (!root.is(json::kind::object)) return fail("An event of the provider's stream is JSON, but no object.");
    on_object(root, out);
    return true;
  }

  void on_object(json::value root, std::string& out) {
    const auto type = root.find("type").literal();
    const auto delta = root.find("delta");
    const auto message = delta.find("message");
    if (type == "content-delta" || type == "content-start") {
      on_content(root, message.find("content"), out);
    } else if (type == "tool-plan-delta") {
      writer_.reasoning(out, message.find("tool_plan").literal());
    } else if (type == "tool-call-start" || type == "tool-call-delta" || type == "tool-call-end") {
      on_call(type, root.find("index").whole_number().value_or(0), message.find("tool_calls"), out);
    } else if (type == "citation-start") {
      on_citation(message.find("citations"), out);
    } else if (type == "message-start") {
      writer_.identify(root.find("id").literal(), {});
    } else if (type == "message-end") {
      on_end(delta, out);
    } else if (type.empty() && looks_like_error(root)) {
      on_error(root);
    }
  }

  void on_content(json::value root, json::value content, std::string& out) {
    writer_.reasoning(out, content.find("thinking").literal());
    writer_.content(out, content.find("text").literal());
    if (const auto said = root.find("logprobs"); said.given()) {
      std::string entries;
      append_logprobs(entries, said);
      if (!entries.empty()) writer_.logprobs(out, "{\"content\":[" + entries + "],\"refusal\":null}");
    }
  }

  void on_call(std::string_view type, std::int64_t index, json::value said, std::string& out) {
    const auto function = said.find("function");
    if (type == "tool-call-start") {
      const auto ours = writer_.call(out, said.find("id").literal(), function.find("name").literal());
      if (calls_.size() >= most_calls) calls_.pop_back();
      calls_.push_back({index, ours, false});
    }
    if (calls_.empty()) return;
    auto* to = &calls_.back();
    for (auto& c : calls_) {
      if (c.theirs == index) to = &c;
    }
    const auto text = function.find("arguments").literal();
    to->has_arguments = to->has_arguments || !text.empty();
    writer_.arguments(out, to->ours, text);
    if (type != "tool-call-end" || to->has_arguments) return;
    to->has_arguments = true;
    writer_.arguments(out, to->ours, "{}");  // clients parse what was put together
  }

  void on_citation(json::value citation, std::string& out) {
    if (!citation.is(json::kind::object)) return;
    if (const auto url = url_citation(citation); !url.empty()) writer_.annotation(out, url);
    writer_.extra(out, ",\"citations\":[" + std::string(citation.raw()) + "]", 0);
  }

  void on_end(json::value delta, std::string& out) {
    bool impossible = false;
    if (const auto used = read_usage(delta.find("usage"), impossible)) writer_.used(*used);
    if (impossible) writer_.usage_impossible();
    const auto reason = delta.find("finish_reason").text();
    if (failed(reason)) {
      writer_.failed(failure_of(delta));
    } else {
      writer_.finished(out, finish_of(reason), reason);
    }
  }

  void on_error(json::value root) {
    provider_error error;
    read_error(root, error);
    if (error.message.empty()) error.message = "The provider's stream ended with an error that says nothing.";
    error.kind = classify(error);
    writer_.failed(std::move(error));
  }

  chat::chunk_writer writer_;
  std::vector<call> calls_;
};

}  // namespace

std::unique_ptr<stream_decoder> cohere_dialect::open_stream(const answer_input& in, std::string_view) const {
  return std::make_unique<cohere_stream>(in);
}

}  // namespace spidergate::providers::cohere
