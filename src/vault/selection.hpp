#pragma once
#include "key_shelf.hpp"

#include <spidergate/kv/counter_store.hpp>

#include <boost/container/small_vector.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace spidergate::vault {

/// For whom a key is looked for.
struct key_wish {
  std::string_view brand_id;
  bool pool_access = false;
  std::span<const std::string> exclude;
};

/// Brand before pool, primary before others, then priority, in one number: high first.
[[nodiscard]] std::int64_t rank_of(const store::integration_record& key) noexcept;

/// The keys that the brand may use at all, in the order of picking.
[[nodiscard]] std::array<std::span<const stored_key_ptr>, 2> keys_for(const keys_of_provider& keys,
                                                                      const key_wish& wish) noexcept;
/// What its health says, for a key that is not expired and not excluded; permission::no otherwise.
[[nodiscard]] key_health::permission may_be_used(const stored_key& key, const key_wish& wish, epoch_ms now);

/// The keys that may be picked now, as options for the counters. The right to probe an unhealthy key is claimed while
/// the selection lives, and goes back with it unless that key was taken.
class selection {
 public:
  /// `keys` and `wish` outlive it.
  selection(const keys_of_provider& keys, const key_wish& wish, epoch_ms now);
  ~selection();
  selection(const selection&) = delete;
  selection& operator=(const selection&) = delete;

  [[nodiscard]] bool any_configured() const noexcept { return any_configured_; }
  [[nodiscard]] std::span<const kv::pick_option> options() const noexcept { return {options_.data(), options_.size()}; }
  /// The key of an option, to be used now.
  [[nodiscard]] const stored_key_ptr& take(std::size_t index, epoch_ms now);

 private:
  struct choice {
    const stored_key_ptr* key;
    bool is_probe = false;
  };
  /// False when all that follow stand behind a key that is certain to be had.
  bool consider(const stored_key_ptr& key, const key_wish& wish, epoch_ms now);

  bool any_configured_ = false;
  std::optional<std::int64_t> certain_;  ///< the rank of an option without limits: of lower rank none can be taken
  boost::container::small_vector<choice, 8> choices_;
  boost::container::small_vector<kv::pick_option, 8> options_;
};

}  // namespace spidergate::vault
