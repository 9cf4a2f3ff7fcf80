#pragma once
#include <spidergate/kv/counter_store.hpp>
#include <spidergate/limits/limiter.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace spidergate::limits {

/// What a level can limit, in the order of checking.
enum class counter : std::uint8_t {
  requests_per_minute,
  requests_per_day,
  tokens_per_minute,
  parallel_requests,
  daily_budget,
  weekly_budget,
  monthly_budget,
};

/// The counters that one request is charged to, with their names, in place: a request allocates nothing for them. Not
/// movable, since the charges point at the names.
class charge_list {
 public:
  static constexpr std::size_t capacity = 21;  ///< seven counters on three levels
  static constexpr std::size_t longest_owner = 88;

  /// What an entry is and whose.
  struct label {
    counter what = counter::requests_per_minute;
    level whose = level::token;
  };

  charge_list() = default;
  charge_list(const charge_list&) = delete;
  charge_list& operator=(const charge_list&) = delete;

  /// Adds a charge to that counter of `owner`; the key is filled in. REQUIRES: at most `capacity` of them.
  void add(label of, std::string_view owner, kv::charge charge) noexcept;
  void clear() noexcept { size_ = 0; }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::span<const kv::charge> all() const noexcept { return {charges_.data(), size_}; }
  [[nodiscard]] const kv::charge& operator[](std::size_t index) const noexcept { return charges_[index]; }
  [[nodiscard]] label label_of(std::size_t index) const noexcept { return labels_[index]; }

 private:
  static constexpr std::size_t longest_name = 8;
  std::array<kv::charge, capacity> charges_{};
  std::array<label, capacity> labels_{};
  std::array<std::array<char, longest_owner + longest_name>, capacity> names_;
  std::size_t size_ = 0;
};

/// The id that the counters of that level go by.
[[nodiscard]] const std::string& owner_of(const auth::principal& who, level of) noexcept;
[[nodiscard]] const store::limit_set& limits_of(const auth::principal& who, level of) noexcept;
inline constexpr std::array all_levels{level::token, level::client, level::brand};

/// What one request is charged.
struct request_charge {
  std::int64_t requests = 0;  ///< 0: windows are only looked at, places and budgets left out
  std::int64_t tokens = 0;
  money amount;    ///< of each budget; with 0 none is touched, since what is free passes an empty purse
  money at_least;  ///< see kv::charge::least
};

/// Fills the list with the limits and budgets of all levels, token first, then client, then brand.
void fill(charge_list& list, const auth::principal& who, const request_charge& with, epoch_ms now) noexcept;

}  // namespace spidergate::limits
