#include <spidergate/openai/request_reader.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace {

constexpr std::size_t padding = 64;

std::string chat_body(std::size_t size) {
  std::string body =
      R"({"model":"spideriq/coding","messages":[{"role":"system","content":"You are a helpful assistant."})";
  while (body.size() < size) {
    body += R"(,{"role":"user","content":")";
    body.append(size < 1000 ? 300 : 1000, 'a');
    body += "\"}";
  }
  return body + R"(],"temperature":0.2,"max_tokens":256})";
}

void reads_a_chat_request(benchmark::State& state) {
  auto body = chat_body(static_cast<std::size_t>(state.range(0)));
  const auto size = body.size();
  body.append(padding, '\0');
  for (auto _ : state) {
    const auto request = spidergate::openai::read_request(spidergate::model::endpoint::chat, {body.data(), size});
    if (!request) state.SkipWithError("the request was refused");
    benchmark::DoNotOptimize(request);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(size));
}
BENCHMARK(reads_a_chat_request)->Arg(500)->Arg(10'000)->Arg(100'000);

}  // namespace
