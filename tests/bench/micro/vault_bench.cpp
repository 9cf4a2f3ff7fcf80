#include "await_now.hpp"

#include <spidergate/kv/memory_counters.hpp>
#include <spidergate/runtime/clock.hpp>
#include <spidergate/vault/vault.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace {

using namespace spidergate;

store::integration_record key(const vault::key_ring& ring, std::int64_t number) {
  store::integration_record made;
  made.id = "int_" + std::to_string(number);
  made.provider = "openai";
  made.key_label = "key " + std::to_string(number);
  made.origin = "https://api.openai.com:443";
  made.sealed = vault::seal_credential(crypto::system_random(), ring, {made.brand_id, made.id, made.origin},
                                       R"({"api_key":"sk-0123456789abcdefghijklmnopqrstuv"})");
  return made;
}

awaitable<bool> pick(benchmark::State& state, vault::vault& keys) {
  for (auto _ : state) {
    const auto lease = co_await keys.pick("openai", "brd_default", true, {});
    if (!lease)
      state.SkipWithError("no key");
    else
      keys.report(lease->integration_id, vault::key_outcome::success, {}, {});
  }
  co_return true;
}

/// The argument is the number of keys that may be picked.
void picks_a_key(benchmark::State& state) {
  const vault::key_ring ring{vault::master_key::generate(crypto::system_random()), {}};
  kv::memory_counters counters;
  vault::vault keys(ring, counters, runtime::system_clock());
  std::vector<store::integration_record> records;
  for (std::int64_t i = 0; i < state.range(0); ++i) records.push_back(key(ring, i));
  keys.load(std::move(records));
  testing::await_now(pick(state, keys));
}
BENCHMARK(picks_a_key)->Arg(1)->Arg(20);

}  // namespace
