#include <spidergate/model/receipt.hpp>

#include <benchmark/benchmark.h>

#include <string>

namespace {

spidergate::model::receipt one_attempt() {
  spidergate::model::receipt receipt;
  receipt.request_id = "req_0123456789abcdef";
  receipt.brand_id = "brd_default";
  receipt.client_id = "cli_default";
  receipt.token_id = "tok_0123456789";
  receipt.endpoint = "chat";
  receipt.requested_model = receipt.alias = "spideriq/coding";
  receipt.strategy = "alias";
  receipt.provider = "groq";
  receipt.model = "llama-3.3-70b-versatile";
  spidergate::model::attempt attempt;
  attempt.provider = receipt.provider;
  attempt.model = receipt.model;
  attempt.status = 200;
  receipt.attempts.push_back(attempt);
  return receipt;
}

void encodes_a_receipt(benchmark::State& state) {
  const auto receipt = one_attempt();
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    encode(receipt, bytes);
    benchmark::DoNotOptimize(bytes);
  }
}
BENCHMARK(encodes_a_receipt);

void decodes_a_receipt(benchmark::State& state) {
  std::string bytes;
  encode(one_attempt(), bytes);
  for (auto _ : state) {
    spidergate::model::receipt receipt;
    if (!spidergate::model::decode(bytes, receipt)) state.SkipWithError("the record was refused");
    benchmark::DoNotOptimize(receipt);
  }
}
BENCHMARK(decodes_a_receipt);

}  // namespace
