#pragma once
#include "calls.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace spidergate::kv::redis {

struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
};

/// What the running requests of this process hold, so that it can be held longer, told again to a Redis that forgot
/// it, and counted locally while there is none. Thread-safe; one entry per running request that holds anything, so it
/// is bounded by the requests that run.
class running_requests {
 public:
  struct request {
    std::vector<running_hold> holds;
    epoch_ms charged_at = 0;
    std::int64_t generation = 0;  ///< in which Redis learnt of it
    bool in_redis = false;
    bool in_local = false;
  };

  /// What is known of a holder that settles.
  struct finished {
    bool known = false;
    bool in_redis = false;
    bool in_local = false;
    std::int64_t generation = 0;
    std::uint64_t settled_before = 0;  ///< a bit for each of the settlements that is a repetition
  };

  void add(std::string_view holder, request what);
  /// Forgets the holds that are settled. What was settled is remembered for a while, so that it is not settled twice.
  finished finish(std::string_view holder, std::span<const settlement> of);
  /// Redis knows of it now. False when it has ended meanwhile.
  bool registered(std::string_view holder, std::int64_t generation);

  /// Calls `action(holder, request&)` for each, a shard locked at a time.
  template <class Action>
  void for_each(Action action) {
    for (auto& one : shards_) {
      const std::lock_guard lock(one.mutex);
      for (auto& [holder, what] : one.requests) action(std::string_view(holder.text), what);
    }
  }
  [[nodiscard]] std::size_t size() const;

 private:
  static constexpr std::size_t shard_count = 16;
  static constexpr std::size_t most_remembered = 4096;

  /// A holder and its hash, which is taken once for all that wants it.
  template <class Text>
  struct hashed {
    Text text;
    std::size_t hash;
  };
  struct known_hash {
    using is_transparent = void;
    template <class Text>
    std::size_t operator()(const hashed<Text>& one) const noexcept {
      return one.hash;
    }
  };
  struct same_text {
    using is_transparent = void;
    template <class Left, class Right>
    bool operator()(const hashed<Left>& left, const hashed<Right>& right) const noexcept {
      return left.text == right.text;
    }
  };

  struct shard {
    mutable std::mutex mutex;
    std::unordered_map<hashed<std::string>, request, known_hash, same_text> requests;
    std::vector<std::size_t> settled;  ///< hashes of holder and budget; a ring once it is full
    std::size_t next_settled = 0;
  };
  static bool remember(shard& in, std::size_t holder, const charge& budget, bool was_held);

  shard& shard_of(std::size_t holder) noexcept { return shards_[holder % shard_count]; }

  std::array<shard, shard_count> shards_;
};

}  // namespace spidergate::kv::redis
