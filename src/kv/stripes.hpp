#pragma once
#include "windows.hpp"

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

namespace spidergate::kv {

/// The counter of one charge. Budgets are fewer and larger than the others.
using charge_cell = std::variant<sliding_window, fixed_window, lease_set, std::unique_ptr<budget_window>>;

/// The counters of one provider key: its day, its minute, its last use.
struct pick_cell {
  fixed_window day{day_ms};
  sliding_window minute{60'000};
  epoch_ms last_picked_at = 0;

  void advance(epoch_ms now) {
    day.advance(now);
    minute.advance(now);
  }
};

/// True when the cell, brought to `now`, says no more than a new one would.
[[nodiscard]] bool is_over(charge_cell& cell, epoch_ms now);
[[nodiscard]] bool is_over(pick_cell& cell, epoch_ms now);

/// What a cell goes by, and where it is. A view of its key; `hash` is that of the key's owner (what follows the first
/// ':', or the whole key), which chooses the stripe, with the rest mixed in.
struct cell_name {
  std::string_view key;
  epoch_ms window_start = 0;  ///< of a budget, whose windows are cells of their own
  std::size_t stripe = 0;
  std::size_t hash = 0;
};

/// Names cells of one call after another: the owner, mostly the one of the call before, is hashed once.
class cell_namer {
 public:
  [[nodiscard]] cell_name name(std::string_view key, epoch_ms window_start = 0) noexcept;

 private:
  std::string_view owner_;  ///< without data: none yet
  std::size_t hash_of_owner_ = 0;
};

/// Cells by name, which forgets those that are over a few at a time. Pointers to cells stay valid until a sweep.
template <class Cell>
class cell_map {
 public:
  [[nodiscard]] Cell* find(const cell_name& name) {
    const auto found = cells_.find(name);
    return found == cells_.end() ? nullptr : &found->second;
  }
  Cell& make(const cell_name& name, Cell fresh) {
    return cells_.emplace(kept_name{std::string(name.key), name.window_start, name.hash}, std::move(fresh))
        .first->second;
  }
  [[nodiscard]] std::size_t size() const noexcept { return cells_.size(); }

  template <class Action>
  void for_each(Action action) {
    for (auto& [name, cell] : cells_) action(name.key, cell);
  }

  /// Goes on through `buckets` buckets from where the last sweep ended; returns how many cells were dropped.
  std::size_t sweep(epoch_ms now, std::size_t buckets) {
    const auto before = cells_.size();
    for (; buckets > 0 && !cells_.empty(); --buckets) {
      next_bucket_ = next_bucket_ < cells_.bucket_count() ? next_bucket_ : 0;
      while (drop_one_of(next_bucket_, now)) continue;
      ++next_bucket_;
    }
    return before - cells_.size();
  }

 private:
  struct kept_name {
    std::string key;
    epoch_ms window_start;
    std::size_t hash;
  };
  struct name_hash {
    using is_transparent = void;
    std::size_t operator()(const auto& name) const noexcept { return name.hash; }
  };
  struct same_name {
    using is_transparent = void;
    bool operator()(const auto& left, const auto& right) const noexcept {
      return left.hash == right.hash && left.window_start == right.window_start && left.key == right.key;
    }
  };

  bool drop_one_of(std::size_t bucket, epoch_ms now) {
    for (auto it = cells_.begin(bucket); it != cells_.end(bucket); ++it) {
      if (!is_over(it->second, now)) continue;
      cells_.erase(cells_.find(it->first));
      return true;
    }
    return false;
  }

  std::unordered_map<kept_name, Cell, name_hash, same_name> cells_;
  std::size_t next_bucket_ = 0;
};

/// A part of all cells under one lock, on cache lines of its own.
struct alignas(64) stripe {
  std::mutex mutex;
  cell_map<charge_cell> charges;
  cell_map<pick_cell> picks;
};

inline constexpr std::size_t stripe_count = 64;
using stripe_array = std::array<stripe, stripe_count>;

/// A set of stripes as the bits of one word.
using stripe_mask = std::uint64_t;

/// Holds the locks of some stripes, taken in rising order, so two calls never wait for each other in a circle.
class locked_stripes {
 public:
  locked_stripes(stripe_array& all, stripe_mask which) : all_(all), which_(which) {
    for_each([](stripe& s) { s.mutex.lock(); });
  }
  ~locked_stripes() {
    for_each([](stripe& s) { s.mutex.unlock(); });
  }
  locked_stripes(const locked_stripes&) = delete;
  locked_stripes& operator=(const locked_stripes&) = delete;

  template <class Action>
  void for_each(Action action) {
    for (auto left = which_; left != 0; left &= left - 1) {
      action(all_[static_cast<std::size_t>(std::countr_zero(left))]);
    }
  }

 private:
  stripe_array& all_;
  stripe_mask which_;
};

}  // namespace spidergate::kv
