#include "await_now.hpp"

#include <spidergate/kv/memory_counters.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <string>

namespace {

using namespace spidergate;
using kv::charge;
using kv::settlement;
using kv::window_kind;

constexpr epoch_ms noon = 1'767'268'800'000;
constexpr std::int64_t plenty = std::int64_t{1} << 60;

awaitable<bool> admit_and_settle(benchmark::State& state, kv::memory_counters& counters,
                                 std::span<const charge> charges) {
  std::array<settlement, 4> used;
  for (std::size_t i = 0; i < charges.size(); ++i) used[i] = {.of = charges[i], .used = 300};
  std::int64_t number = 0;
  for (auto _ : state) {
    const auto holder = "req_" + std::to_string(++number);
    const auto now = noon + number / 3;  // three thousand requests a second
    const auto verdict = co_await counters.admit(holder, charges, now);
    if (!verdict || !verdict->admitted) state.SkipWithError("refused");
    counters.settle(holder, charges.size() == 4 ? used : std::span(used).first(charges.size()), now, now);
  }
  co_return true;
}

/// What a token with limits of all kinds is charged.
void admits_and_settles_a_request(benchmark::State& state) {
  kv::memory_counters counters;
  const std::array<charge, 4> charges{
      charge{
          .key = "rpm:tok_0123456789abcdefghijkl", .kind = window_kind::sliding, .period_ms = 60'000, .limit = plenty},
      charge{.key = "tpm:tok_0123456789abcdefghijkl", .kind = window_kind::sliding, .limit = plenty, .amount = 1'000},
      charge{.key = "rpd:tok_0123456789abcdefghijkl",
             .kind = window_kind::fixed,
             .period_ms = 86'400'000,
             .limit = plenty},
      charge{
          .key = "par:tok_0123456789abcdefghijkl", .kind = window_kind::lease, .period_ms = 600'000, .limit = plenty}};
  testing::await_now(admit_and_settle(state, counters, charges));
}
BENCHMARK(admits_and_settles_a_request);

}  // namespace
