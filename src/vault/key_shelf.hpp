#pragma once
#include "key_health.hpp"

#include <spidergate/store/records.hpp>
#include <spidergate/vault/envelope.hpp>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace spidergate::vault {

/// A text to be looked for, hashed once for its shard and its bucket.
struct hashed_text {
  explicit hashed_text(std::string_view what) noexcept : text(what), hash(std::hash<std::string_view>{}(what)) {}
  std::string_view text;
  std::size_t hash;
};
struct text_hash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  std::size_t operator()(const hashed_text& what) const noexcept { return what.hash; }
};
struct same_text {
  using is_transparent = void;
  bool operator()(std::string_view left, std::string_view right) const noexcept { return left == right; }
  bool operator()(const hashed_text& left, std::string_view right) const noexcept { return left.text == right; }
  bool operator()(std::string_view left, const hashed_text& right) const noexcept { return left == right.text; }
};
template <class Value>
using by_text = std::unordered_map<std::string, Value, text_hash, same_text>;

/// What changes about a key while it is used. It outlives the record when a reload replaces that.
struct live_key {
  std::mutex mutex;
  key_health health;
  bool changed = false;  // since the last write-behind
};

/// An integration's credential as this process keeps it at hand: sealed under a key of its own (crypto::kept_key), not
/// in the stored envelope, whose two ciphers and four key schedules would cost more than all else of a pick. Made when
/// the envelope is opened for the first time, gone with the entry. Thread-safe.
class form_at_hand {
 public:
  form_at_hand() = default;
  ~form_at_hand() { delete sealed_.load(std::memory_order_relaxed); }
  form_at_hand(const form_at_hand&) = delete;
  form_at_hand& operator=(const form_at_hand&) = delete;

  /// Null before keep().
  [[nodiscard]] const std::string* get() const noexcept { return sealed_.load(std::memory_order_acquire); }
  /// Of several, the first one stays.
  void keep(std::string sealed) {
    auto made = std::make_unique<const std::string>(std::move(sealed));
    const std::string* none = nullptr;
    if (sealed_.compare_exchange_strong(none, made.get(), std::memory_order_acq_rel)) (void)made.release();
  }

 private:
  std::atomic<const std::string*> sealed_{nullptr};
};

/// One integration as loaded.
struct stored_key {
  store::integration_record record;
  std::shared_ptr<live_key> live;
  std::shared_ptr<const key_ring> keys;  // that were current when it was loaded: opening asks no lock
  std::int64_t rank = 0;                 // in the order of picking, high first
  mutable form_at_hand at_hand;
};
using stored_key_ptr = std::shared_ptr<const stored_key>;
using provider_keys = std::vector<stored_key_ptr>;

/// The active keys of one provider by who may use them, each list in the order of picking: by rank, then as they were
/// loaded. So a request meets only its own brand's keys and the pool's, whatever others have.
class keys_of_provider {
 public:
  void add(stored_key_ptr key);

  [[nodiscard]] const provider_keys& pool() const noexcept { return pool_; }
  [[nodiscard]] const provider_keys& of_brand(std::string_view brand_id) const noexcept;

 private:
  provider_keys pool_;
  by_text<provider_keys> by_brand_;
};

/// All integrations, found by provider or by id. Each look-up takes the lock of one of 32 shards for the copy of a
/// pointer, so threads that work for different providers do not meet.
class key_shelf {
 public:
  /// Replaces everything. Not concurrently with itself.
  void replace(std::vector<stored_key_ptr> keys);

  /// Never null.
  [[nodiscard]] std::shared_ptr<const keys_of_provider> of_provider(std::string_view provider) const;
  [[nodiscard]] stored_key_ptr find(std::string_view integration_id) const;
  [[nodiscard]] provider_keys all() const;

 private:
  struct alignas(64) shard {
    mutable std::mutex mutex;
    by_text<std::shared_ptr<const keys_of_provider>> by_provider;
    by_text<stored_key_ptr> by_id;
  };
  static constexpr std::size_t shard_count = 32;
  static std::size_t shard_of(const hashed_text& what) noexcept { return what.hash % shard_count; }

  std::array<shard, shard_count> shards_;
};

}  // namespace spidergate::vault
