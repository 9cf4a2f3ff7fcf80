#include <spidergate/model/usage.hpp>

#include <benchmark/benchmark.h>

namespace {

using spidergate::unit_price;

/// The argument is the length of the prompt: from 200,000 tokens on a tier of prices applies.
void costs_an_answer(benchmark::State& state) {
  spidergate::model::price rates;
  rates.input = unit_price{1'250'000};
  rates.output = unit_price{10'000'000};
  rates.cache_read = unit_price{310'000};
  rates.tiers.push_back({.above_tokens = 200'000, .input = unit_price{2'500'000}, .output = unit_price{15'000'000}});
  spidergate::model::usage used;
  used.prompt = state.range(0);
  used.cached = used.prompt / 2;
  used.completion = 800;
  used.reasoning = 300;
  for (auto _ : state) {
    benchmark::DoNotOptimize(used);
    benchmark::DoNotOptimize(cost_of(used, rates));
  }
}
BENCHMARK(costs_an_answer)->Arg(1'000)->Arg(300'000);

}  // namespace
