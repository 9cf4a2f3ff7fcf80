#pragma once
#include <spidergate/kv/counter_store.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace spidergate::limits {

/// The counters that one request is charged to, with their names, in place: a request allocates nothing for them. Not
/// movable, since the charges point at the names.
class charge_list {
 public:
  static constexpr std::size_t capacity = 4;
  static constexpr std::size_t longest_owner = 88;

  charge_list() = default;
  charge_list(const charge_list&) = delete;
  charge_list& operator=(const charge_list&) = delete;

  /// Adds a charge to the counter "<what>:<owner>". `what` must be a literal.
  void add(std::string_view what, std::string_view owner, kv::charge charge) noexcept;

  [[nodiscard]] std::span<const kv::charge> all() const noexcept { return {charges_.data(), size_}; }
  /// The charge of that name, or null.
  [[nodiscard]] const kv::charge* find(std::string_view what) const noexcept;
  [[nodiscard]] std::string_view what(std::size_t index) const noexcept { return whats_[index]; }

 private:
  std::array<kv::charge, capacity> charges_{};
  std::array<std::string_view, capacity> whats_{};
  std::array<std::array<char, longest_owner + 8>, capacity> names_;
  std::size_t size_ = 0;
};

}  // namespace spidergate::limits
