#pragma once
#include <spidergate/core/time.hpp>

namespace spidergate::runtime {

/// The time, as an argument that tests can own. Thread-safe.
class clock {
 public:
  virtual ~clock() = default;
  [[nodiscard]] virtual steady_time steady_now() const noexcept = 0;
  [[nodiscard]] virtual epoch_ms epoch_now() const noexcept = 0;
};

[[nodiscard]] const clock& system_clock();

}  // namespace spidergate::runtime
