#include <spidergate/router/router.hpp>

#include <benchmark/benchmark.h>

#include <vector>

namespace {

using namespace spidergate;

const catalogue::catalogue& data() {
  static const auto built = catalogue::catalogue::build({});
  return **built;
}

void resolves(benchmark::State& state, std::string_view name) {
  const router::brand_overrides brand;
  const model::routing_options options;
  for (auto _ : state) {
    const auto found = router::resolve(data(), brand, name, options);
    if (!found) state.SkipWithError("not found");
    benchmark::DoNotOptimize(found);
  }
}

void resolves_an_alias(benchmark::State& state) {
  resolves(state, "spideriq/chat");
}
BENCHMARK(resolves_an_alias);

void resolves_a_model(benchmark::State& state) {
  resolves(state, "groq/llama-3.3-70b-versatile");
}
BENCHMARK(resolves_a_model);

void ranks_a_chain(benchmark::State& state) {
  const auto resolved = router::resolve(data(), {}, "spideriq/chat", {});
  if (!resolved) return state.SkipWithError("no such alias");
  const std::vector<router::candidate_health> health(resolved->chain.size(), {.success_rate = 0.98, .samples = 100});
  const model::inference_request asked;
  for (auto _ : state) {
    const auto ranked = router::rank(*resolved, health, asked, [](std::string_view, model::endpoint) { return true; });
    if (!ranked) state.SkipWithError("nothing is left");
    benchmark::DoNotOptimize(ranked);
  }
}
BENCHMARK(ranks_a_chain);

}  // namespace
