#include <spidergate/json/reader.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace {

std::string document(std::size_t size) {
  std::string text = R"({"model":"bench/alias","temperature":0.2,"messages":[{"role":"system","content":"Be brief."})";
  while (text.size() + 300 < size)
    text += R"(,{"role":"user","content":")" + std::string(200, 'a') + R"( \"quoted\" \u00e9","n":[1,2.5,null]})";
  return text + "]}";
}

/// One long string, as a picture in base64 is.
std::string picture(std::size_t size) {
  return R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:image/png;base64,)" +
         std::string(size, 'Q') + R"("}}]}]})";
}

void check(benchmark::State& state, const std::string& text) {
  spidergate::json::reader reader;
  for (auto _ : state) {
    if (!reader.read(text)) state.SkipWithError("the text was refused");
    benchmark::DoNotOptimize(reader);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}

void checks_a_document(benchmark::State& state) {
  check(state, document(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(checks_a_document)->Arg(700)->Arg(50'000)->Arg(1'000'000);

void checks_a_picture(benchmark::State& state) {
  check(state, picture(static_cast<std::size_t>(state.range(0))));
}
BENCHMARK(checks_a_picture)->Arg(1'000'000);

}  // namespace
