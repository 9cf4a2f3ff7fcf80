#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace spidergate::bench {

/// Every single measured time, in nanoseconds: percentiles are exact, and a benchmark run fits into memory.
class samples {
 public:
  explicit samples(std::size_t expected) { values_.reserve(expected); }

  void add(std::int64_t nanoseconds) { values_.push_back(nanoseconds); }
  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }

  /// `"p50_us":…,"p90_us":…,"p99_us":…,"p999_us":…,"max_us":…`, members of a JSON object; zeros without a sample.
  [[nodiscard]] std::string json_members();

 private:
  std::vector<std::int64_t> values_;
};

}  // namespace spidergate::bench
