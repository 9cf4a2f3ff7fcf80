#include <spidergate/flow/machine_prices.hpp>

#include <algorithm>
#include <cmath>

namespace spidergate::flow {

namespace {

constexpr std::size_t most_spans = 64;
constexpr double half_life_ms = 600'000;
constexpr double least_busy_ms = 1000;
constexpr double pico_per_nano = 1000, ms_per_hour = 3'600'000;
constexpr double most_pico = 1e15;  ///< a thousand dollars

}  // namespace

unit_price price_of_token(money hour, double tokens, double busy_ms) noexcept {
  const double pico = static_cast<double>(hour.nano_usd) * pico_per_nano / ms_per_hour * busy_ms / tokens;
  return {static_cast<std::int64_t>(std::llround(std::clamp(pico, 0.0, most_pico)))};
}

std::int64_t throughput::newly_busy(span added) {
  std::int64_t fresh = added.end - added.begin;
  for (auto at = covered_.begin(); at != covered_.end();) {
    const auto common = std::min(added.end, at->end) - std::max(added.begin, at->begin);
    if (common < 0) {
      ++at;
      continue;
    }
    fresh -= common;
    added = {std::min(added.begin, at->begin), std::max(added.end, at->end)};
    at = covered_.erase(at);
  }
  const auto place =
      std::find_if(covered_.begin(), covered_.end(), [&](const span& s) { return s.begin > added.begin; });
  covered_.insert(place, added);
  if (covered_.size() > most_spans) covered_.pop_front();
  return std::max<std::int64_t>(fresh, 0);
}

void throughput::add(epoch_ms begun, std::int64_t took_ms, std::int64_t tokens) {
  if (took_ms <= 0 || tokens < 0) return;
  const auto busy = static_cast<double>(newly_busy({begun, begun + took_ms}));
  const double kept = std::exp2(-busy / half_life_ms);
  tokens_ = tokens_ * kept + static_cast<double>(tokens);
  busy_ms_ = busy_ms_ * kept + busy;
}

std::optional<unit_price> throughput::price(money hour) const noexcept {
  if (busy_ms_ < least_busy_ms || tokens_ < 1) return std::nullopt;
  return price_of_token(hour, tokens_, busy_ms_);
}

void machine_prices::note(const std::string& provider, epoch_ms begun, std::int64_t took_ms, std::int64_t tokens) {
  const std::lock_guard lock(mutex_);
  known_[provider].add(begun, took_ms, tokens);
}

std::optional<unit_price> machine_prices::token_of(std::string_view provider, money hour) const {
  const std::lock_guard lock(mutex_);
  const auto known = known_.find(provider);
  return known == known_.end() ? std::nullopt : known->second.price(hour);
}

}  // namespace spidergate::flow
