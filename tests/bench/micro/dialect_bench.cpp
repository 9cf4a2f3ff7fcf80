#include <spidergate/openai/request_reader.hpp>
#include <spidergate/providers/dialect.hpp>

#include <benchmark/benchmark.h>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// What a request and its whole answer cost in the dialects that most are sent in.
namespace {

using namespace spidergate;

constexpr std::size_t padding = 64;

/// A text with the readable bytes behind it that readers want.
class padded {
 public:
  explicit padded(std::string text) : text_(std::move(text)), size_(text_.size()) { text_.append(padding, '\0'); }
  [[nodiscard]] std::string_view view() const { return std::string_view(text_).substr(0, size_); }

 private:
  std::string text_;
  std::size_t size_;
};

padded question() {
  return padded(R"({"model":"main","messages":[{"role":"system","content":"You are a helpful assistant."},)"
                R"({"role":"user","content":")" +
                std::string(300, 'a') + R"("}],"temperature":0.2,"max_tokens":256})");
}

padded answer_in(std::string_view dialect) {
  const std::string text(400, 'a');
  if (dialect == "anthropic")
    return padded(R"({"id":"msg_bench","type":"message","role":"assistant","model":"bench-model",)"
                  R"("content":[{"type":"text","text":")" +
                  text +
                  R"("}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":120,)"
                  R"("cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":80}})");
  if (dialect == "gemini")
    return padded(R"({"candidates":[{"content":{"parts":[{"text":")" + text +
                  R"("}],"role":"model"},"index":0,"finishReason":"STOP"}],"usageMetadata":{"promptTokenCount":120,)"
                  R"("candidatesTokenCount":80,"totalTokenCount":200},"modelVersion":"m","responseId":"bench"})");
  return padded(R"({"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench-model",)"
                R"("choices":[{"index":0,"message":{"role":"assistant","content":")" +
                text +
                R"(","refusal":null},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":120,)"
                R"("completion_tokens":80,"total_tokens":200,"prompt_tokens_details":{"cached_tokens":0}},)"
                R"("system_fingerprint":"fp_bench"})");
}

/// One request to one provider.
class exchange {
 public:
  explicit exchange(std::string_view dialect)
      : speaks_(*providers::find_dialect(dialect)),
        body_(question()),
        answer_(answer_in(dialect)),
        asked_(openai::read_request(model::endpoint::chat, body_.view())) {
    provider_.id = "bench";
    provider_.dialect = dialect;
    secret_.key = secret_string("sk-bench-0123456789");
  }

  void encode(benchmark::State& state) const {
    for (auto _ : state) {
      const auto wire = speaks_.encode({.asked = *asked_,
                                        .provider = provider_,
                                        .base_path = "/v1",
                                        .model = "bench-model",
                                        .secret = secret_,
                                        .forwarded_headers = forwarded_});
      if (!wire) state.SkipWithError("the request was refused");
      benchmark::DoNotOptimize(wire);
    }
  }

  void decode(benchmark::State& state) const {
    for (auto _ : state) {
      const auto read = speaks_.decode(
          {.asked = *asked_, .provider = provider_, .model = "bench-model", .request_id = "req_1", .now = 1},
          "application/json", answer_.view());
      if (!read || !std::get<providers::client_answer>(*read).facts.usage)
        state.SkipWithError("the answer was refused");
      benchmark::DoNotOptimize(read);
    }
  }

 private:
  const providers::dialect& speaks_;
  padded body_;
  padded answer_;
  model::outcome<model::inference_request> asked_;
  catalogue::provider provider_;
  providers::credential secret_;
  std::vector<std::pair<std::string, std::string>> forwarded_;
};

void encodes_a_request(benchmark::State& state, std::string_view dialect) {
  exchange(dialect).encode(state);
}
BENCHMARK_CAPTURE(encodes_a_request, openai, "openai");
BENCHMARK_CAPTURE(encodes_a_request, anthropic, "anthropic");
BENCHMARK_CAPTURE(encodes_a_request, gemini, "gemini");

void decodes_an_answer(benchmark::State& state, std::string_view dialect) {
  exchange(dialect).decode(state);
}
BENCHMARK_CAPTURE(decodes_an_answer, openai, "openai");
BENCHMARK_CAPTURE(decodes_an_answer, anthropic, "anthropic");
BENCHMARK_CAPTURE(decodes_an_answer, gemini, "gemini");

}  // namespace
