#include "response_head.hpp"

#include <spidergate/http/exchange.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace {

/// About as many lines as an answer to a chat has.
void writes_the_head_of_an_answer(benchmark::State& state) {
  spidergate::http::date_line date;
  spidergate::http::header_block headers;
  std::string out;
  for (auto _ : state) {
    headers.clear();
    out.clear();
    headers.add("Content-Type", "application/json");
    headers.add("x-request-id", "req_0123456789abcdefghijklmnopqrstuv");
    headers.add("x-provider", "groq");
    headers.add("x-model", "llama-3.3-70b-versatile");
    headers.add("x-attempts", 1);
    headers.add("x-ratelimit-limit-requests", 60'000);
    headers.add("x-ratelimit-remaining-requests", 59'999);
    headers.add("x-ratelimit-limit-tokens", 1'000'000);
    headers.add("x-ratelimit-remaining-tokens", 999'000);
    headers.add("Cache-Control", "no-store");
    append_response_head(out, 200, {.content_length = 700}, date.at(1'767'268'800'000), headers);
    benchmark::DoNotOptimize(out);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(out.size()));
}
BENCHMARK(writes_the_head_of_an_answer);

}  // namespace
