#pragma once
#include <spidergate/core/time.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace spidergate::telemetry {

/// Decides which lines of a call site pass: `burst` in each `window`. Lock-free; sites whose hashes meet share their
/// allowance.
class site_gate {
 public:
  static constexpr std::uint64_t burst = 10;
  static constexpr std::chrono::seconds window{10};

  /// How many lines of this site were left out since the last one that passed; nothing when this one is to be left out
  /// too.
  [[nodiscard]] std::optional<std::uint64_t> pass(std::uint64_t site, steady_time now) noexcept;

 private:
  struct slot {
    std::atomic<std::int64_t> window_start{-1};
    std::atomic<std::uint64_t> used{0};
    std::atomic<std::uint64_t> left_out{0};
  };
  std::array<slot, 512> slots_;
};

}  // namespace spidergate::telemetry
