#pragma once
#include <spidergate/core/money.hpp>
#include <spidergate/core/time.hpp>

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::flow {

/// What a token costs on a machine that costs `hour` while it makes `tokens` in `busy_ms`: hour / 3600 s x busy seconds
/// / tokens, the same for a token read and a token written. Rounded to a pico-dollar; REQUIRES: both above 0.
[[nodiscard]] unit_price price_of_token(money hour, double tokens, double busy_ms) noexcept;

/// How fast a server is, in tokens per second in which it had something to do: requests that run beside each other
/// share their seconds, so that a batch shows as speed. Weighted exponentially: what was measured ten busy minutes ago
/// counts half. Not thread-safe.
class throughput {
 public:
  /// A request that ended: when it began, how long it took, the tokens that were read (without cached ones) and
  /// written.
  void add(epoch_ms begun, std::int64_t took_ms, std::int64_t tokens);
  /// Nothing before a busy second has been seen.
  [[nodiscard]] std::optional<unit_price> price(money hour) const noexcept;

 private:
  struct span {
    epoch_ms begin, end;
  };
  /// The milliseconds of [begin, end) in which nothing else ran.
  std::int64_t newly_busy(span added);

  std::deque<span> covered_;  ///< apart from each other, by time; the newest 64
  double tokens_ = 0, busy_ms_ = 0;
};

/// The speed of every provider with a price per hour (`providers.<id>.gpu_hour_usd`). Thread-safe; a short lock for
/// each request of such a provider, none for others.
class machine_prices {
 public:
  void note(const std::string& provider, epoch_ms begun, std::int64_t took_ms, std::int64_t tokens);
  [[nodiscard]] std::optional<unit_price> token_of(std::string_view provider, money hour) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::string, throughput, std::less<>> known_;  ///< one for each such provider of the configuration
};

}  // namespace spidergate::flow
