#include "samples.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace spidergate::bench {

std::string samples::json_members() {
  std::sort(values_.begin(), values_.end());
  const auto at = [this](double share) {
    if (values_.empty()) return 0.0;
    const auto last = static_cast<double>(values_.size() - 1);
    return static_cast<double>(values_[static_cast<std::size_t>(share * last)]) / 1000.0;
  };
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(),
                "\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"p999_us\":%.1f,\"max_us\":%.1f", at(0.5), at(0.9),
                at(0.99), at(0.999), at(1.0));
  return text.data();
}

}  // namespace spidergate::bench
