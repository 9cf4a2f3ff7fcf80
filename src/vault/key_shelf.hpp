#pragma once
#include "key_health.hpp"

#include <spidergate/store/records.hpp>
#include <spidergate/vault/envelope.hpp>

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace spidergate::vault {

/// What changes about a key while it is used. It outlives the record when a reload replaces that.
struct live_key {
  std::mutex mutex;
  key_health health;
  bool changed = false;  // since the last write-behind
};

/// One integration as loaded.
struct stored_key {
  store::integration_record record;
  std::shared_ptr<live_key> live;
  std::shared_ptr<const key_ring> keys;  // that were current when it was loaded: opening asks no lock
};
using stored_key_ptr = std::shared_ptr<const stored_key>;
using provider_keys = std::vector<stored_key_ptr>;

/// All integrations, found by provider or by id. Each look-up takes the lock of one of 32 shards for the copy of a
/// pointer, so threads that work for different providers do not meet.
class key_shelf {
 public:
  /// Replaces everything. Not concurrently with itself.
  void replace(std::vector<stored_key_ptr> keys);

  /// The keys of a provider, in the order they were loaded; null when there is none.
  [[nodiscard]] std::shared_ptr<const provider_keys> of_provider(std::string_view provider) const;
  [[nodiscard]] stored_key_ptr find(std::string_view integration_id) const;
  [[nodiscard]] provider_keys all() const;

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  template <class Value>
  using by_text = std::unordered_map<std::string, Value, text_hash, std::equal_to<>>;

  struct alignas(64) shard {
    mutable std::mutex mutex;
    by_text<std::shared_ptr<const provider_keys>> by_provider;
    by_text<stored_key_ptr> by_id;
  };
  static constexpr std::size_t shard_count = 32;
  static std::size_t shard_of(std::string_view text) noexcept { return text_hash{}(text) % shard_count; }

  std::array<shard, shard_count> shards_;
};

}  // namespace spidergate::vault
