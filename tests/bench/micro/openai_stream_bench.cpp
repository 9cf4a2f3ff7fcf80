#include <spidergate/openai/request_reader.hpp>
#include <spidergate/providers/dialect.hpp>

#include <benchmark/benchmark.h>

#include <string>
#include <string_view>

namespace {

using namespace spidergate;

constexpr std::string_view chunk =
    R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","system_fingerprint":"fp_1",)"
    R"("choices":[{"index":0,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]})"
    "\n\n";

constexpr std::string_view other_chunk =
    R"(data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"m","system_fingerprint":"fp_1",)"
    R"("choices":[{"index":1,"delta":{"content":" word"},"logprobs":null,"finish_reason":null}]})"
    "\n\n";

/// One event of a provider that speaks as OpenAI does, passed on. It is like the one before it but for its text, as
/// most are, or it has to be read in full, since there are two choices that take turns.
void passes_an_event_on(benchmark::State& state) {
  const bool alike = state.range(0) != 0;
  std::string body = R"({"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true})";
  const auto size = body.size();
  body.append(64, '\0');
  const auto asked = openai::read_request(model::endpoint::chat, std::string_view(body).substr(0, size));
  if (!asked) return state.SkipWithError("the request was refused");
  const catalogue::provider provider;
  const auto decoder = providers::find_dialect("openai")->open_stream(
      {.asked = *asked, .provider = provider, .model = "m"}, "text/event-stream");
  std::string out;
  bool turn = false;
  for (auto _ : state) {
    out.clear();
    turn = !alike && !turn;
    if (!decoder->feed(turn ? other_chunk : chunk, out)) state.SkipWithError("the event was refused");
    benchmark::DoNotOptimize(out);
  }
  state.SetBytesProcessed(state.iterations() * std::ssize(chunk));
}
BENCHMARK(passes_an_event_on)->ArgName("alike")->Arg(1)->Arg(0);

}  // namespace
