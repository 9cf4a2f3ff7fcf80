#include <spidergate/model/usage.hpp>

#include <algorithm>

namespace spidergate::model {
namespace {

using maybe_price = std::optional<unit_price>;

struct applicable_prices {
  maybe_price input, output, cache_read, cache_write, reasoning;
};

void replace_if_given(maybe_price& base, const maybe_price& given) {
  if (given) base = given;
}

/// The prices of the whole request: those of the highest tier that its prompt has left behind, over the base.
applicable_prices prices_for(std::int64_t prompt, const price& rates) {
  applicable_prices chosen{rates.input, rates.output, rates.cache_read, rates.cache_write, rates.reasoning};
  const price::tier* reached = nullptr;
  for (const auto& tier : rates.tiers)
    if (prompt > tier.above_tokens) reached = &tier;
  if (reached != nullptr) {
    replace_if_given(chosen.input, reached->input);
    replace_if_given(chosen.output, reached->output);
    replace_if_given(chosen.cache_read, reached->cache_read);
    replace_if_given(chosen.cache_write, reached->cache_write);
  }
  if (!chosen.cache_read) chosen.cache_read = chosen.input;
  if (!chosen.cache_write) chosen.cache_write = chosen.input;
  if (!chosen.reasoning) chosen.reasoning = chosen.output;
  return chosen;
}

}  // namespace

money cost_of(const usage& used, const price& rates) noexcept {
  // A provider's parts may exceed their whole; the whole is what is charged.
  const auto prompt = std::max<std::int64_t>(used.prompt, 0);
  const auto cached = std::clamp<std::int64_t>(used.cached, 0, prompt);
  const auto written = std::clamp<std::int64_t>(used.cache_written, 0, prompt - cached);
  const auto completion = std::max<std::int64_t>(used.completion, 0);
  const auto reasoning = std::clamp<std::int64_t>(used.reasoning, 0, completion);

  const auto prices = prices_for(prompt, rates);
  cost_sum sum;
  sum.add(prompt - cached - written, prices.input.value_or(unit_price{}));
  sum.add(cached, prices.cache_read.value_or(unit_price{}));
  sum.add(written, prices.cache_write.value_or(unit_price{}));
  sum.add(completion - reasoning, prices.output.value_or(unit_price{}));
  sum.add(reasoning, prices.reasoning.value_or(unit_price{}));
  sum.add(rates.per_request.value_or(money{}));
  return sum.total();
}

}  // namespace spidergate::model
