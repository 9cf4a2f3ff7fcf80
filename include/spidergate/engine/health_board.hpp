#pragma once
#include <spidergate/router/router.hpp>
#include <spidergate/runtime/clock.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace spidergate::engine {

/// The circuit breaker's settings (config `breaker`).
struct breaker_options {
  int failures = 5;                            ///< consecutive ones that open it
  std::chrono::milliseconds window{60'000};    ///< within which they must fall
  std::chrono::milliseconds cooldown{30'000};  ///< open for so long at first, doubling with each failed probe
  std::chrono::milliseconds max_cooldown{600'000};
  int half_open_requests = 1;  ///< probes in flight at once
};

/// How every candidate (provider + model, all keys) has been doing: success rate of the last five minutes and circuit
/// breaker (spec 9). Written by the engine after each attempt, read when chains are ranked. Thread-safe, sharded by
/// candidate; bounded to 10,000 candidates, beyond which unknown ones count as healthy and are not remembered.
class health_board {
 public:
  health_board(breaker_options options, const runtime::clock& time);

  struct view {
    router::candidate_health::breaker state = router::candidate_health::breaker::closed;
    double success_rate = 1.0;
    std::uint32_t samples = 0;
  };
  [[nodiscard]] view look(std::string_view candidate) const;

  /// Takes one of the half-open candidate's probe permits. It is given back by record() or release_probe().
  [[nodiscard]] bool try_probe(std::string_view candidate);
  void release_probe(std::string_view candidate);

  /// The outcome of one attempt, as far as the provider is concerned.
  void record(std::string_view candidate, bool success);

  /// Every candidate that has been tried, for metrics and `alias show`.
  struct named_view {
    std::string candidate;
    view seen;
  };
  [[nodiscard]] std::vector<named_view> all() const;

 private:
  struct cell {
    struct minute {
      std::int64_t number = -1;
      std::uint32_t successes = 0, failures = 0;
    };
    std::array<minute, 6> minutes{};
    int consecutive_failures = 0;
    epoch_ms first_failure_at = 0;
    bool open = false;
    epoch_ms half_open_at = 0;
    std::chrono::milliseconds cooldown{0};
    int probes = 0;
  };
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  struct shard {
    mutable std::mutex mutex;
    std::unordered_map<std::string, cell, text_hash, std::equal_to<>> cells;
  };
  static constexpr std::size_t shard_count = 16;
  static constexpr std::size_t max_cells_per_shard = 10'000 / shard_count;

  [[nodiscard]] shard& shard_of(std::string_view candidate) const;
  [[nodiscard]] view view_of(const cell& c, epoch_ms now) const;
  void count(cell& c, bool success, epoch_ms now) const;

  breaker_options options_;
  const runtime::clock& time_;
  mutable std::array<shard, shard_count> shards_;
};

}  // namespace spidergate::engine
