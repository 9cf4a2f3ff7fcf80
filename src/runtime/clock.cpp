#include <spidergate/runtime/clock.hpp>

namespace spidergate::runtime {
namespace {

class os_clock final : public clock {
 public:
  [[nodiscard]] steady_time steady_now() const noexcept override { return std::chrono::steady_clock::now(); }
  [[nodiscard]] epoch_ms epoch_now() const noexcept override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  }
  [[nodiscard]] std::int64_t epoch_us_now() const noexcept override {
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count();
  }
};

}  // namespace

const clock& system_clock() {
  static const os_clock instance;
  return instance;
}

}  // namespace spidergate::runtime
