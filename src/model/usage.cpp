#include <spidergate/model/usage.hpp>

#include <algorithm>
#include <limits>

namespace spidergate::model {
namespace {

using maybe_price = std::optional<unit_price>;

struct applicable_prices {
  maybe_price input, output, cache_read, cache_write, reasoning, audio_input, audio_output;
};

void replace_if_given(maybe_price& base, const maybe_price& given) {
  if (given) base = given;
}

/// The prices of the whole request: those of the highest tier that its prompt has left behind, over the base.
applicable_prices prices_for(std::int64_t prompt, const price& rates) {
  applicable_prices chosen{rates.input,     rates.output,      rates.cache_read,  rates.cache_write,
                           rates.reasoning, rates.audio_input, rates.audio_output};
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
  if (!chosen.audio_input) chosen.audio_input = chosen.input;
  if (!chosen.audio_output) chosen.audio_output = chosen.output;
  return chosen;
}

/// Takes at most `wanted` out of `rest`.
std::int64_t take(std::int64_t& rest, std::int64_t wanted) {
  const auto taken = std::clamp<std::int64_t>(wanted, 0, rest);
  rest -= taken;
  return taken;
}

money times(std::int64_t units, money each) {
  std::int64_t nano = 0;
  if (__builtin_mul_overflow(units, each.nano_usd, &nano)) nano = std::numeric_limits<std::int64_t>::max();
  return money{nano};
}

}  // namespace

std::int64_t usage::total() const noexcept {
  std::int64_t sum = 0;
  if (!__builtin_add_overflow(prompt, completion, &sum)) return sum;
  return prompt > 0 ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
}

token_buckets buckets_of(const usage& used) noexcept {
  token_buckets in;
  in.uncached = std::max<std::int64_t>(used.prompt, 0);
  in.cached = take(in.uncached, used.cached);
  in.cache_written = take(in.uncached, used.cache_written);
  in.audio_prompt = take(in.uncached, used.audio_prompt);
  in.completion = std::max<std::int64_t>(used.completion, 0);
  in.reasoning = take(in.completion, used.reasoning);
  in.audio_completion = take(in.completion, used.audio_completion);
  return in;
}

money cost_of(const usage& used, const price& rates) noexcept {
  const auto in = buckets_of(used);
  const auto prices = prices_for(used.prompt, rates);
  constexpr unit_price nothing{};
  cost_sum sum;
  sum.add(in.uncached, prices.input.value_or(nothing));
  sum.add(in.cached, prices.cache_read.value_or(nothing));
  sum.add(in.cache_written, prices.cache_write.value_or(nothing));
  sum.add(in.audio_prompt, prices.audio_input.value_or(nothing));
  sum.add(in.completion, prices.output.value_or(nothing));
  sum.add(in.reasoning, prices.reasoning.value_or(nothing));
  sum.add(in.audio_completion, prices.audio_output.value_or(nothing));
  sum.add(times(std::max<std::int64_t>(used.images, 0), rates.per_image.value_or(money{})));
  sum.add(rates.per_request.value_or(money{}));
  return sum.total();
}

}  // namespace spidergate::model
