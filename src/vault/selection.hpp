#pragma once
#include "key_shelf.hpp"

#include <spidergate/kv/counter_store.hpp>

#include <boost/container/small_vector.hpp>

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

/// True when the key is active and the brand may use it at all.
[[nodiscard]] bool is_configured_for(const stored_key& key, const key_wish& wish);
/// What its health says, for a key that is configured, not expired and not excluded; permission::no otherwise.
[[nodiscard]] key_health::permission may_be_used(const stored_key& key, const key_wish& wish, epoch_ms now);

/// The keys that may be picked now, as options for the counters. The right to probe an unhealthy key is claimed while
/// the selection lives, and goes back with it unless that key was taken.
class selection {
 public:
  selection(const provider_keys& keys, const key_wish& wish, epoch_ms now);
  ~selection();
  selection(const selection&) = delete;
  selection& operator=(const selection&) = delete;

  [[nodiscard]] bool any_configured() const noexcept { return any_configured_; }
  [[nodiscard]] std::span<const kv::pick_option> options() const noexcept { return {options_.data(), options_.size()}; }
  /// The key of an option, to be used now.
  [[nodiscard]] stored_key_ptr take(std::size_t index, epoch_ms now);

 private:
  struct choice {
    stored_key_ptr key;
    bool is_probe = false;
  };
  void add(const stored_key_ptr& key, bool is_probe);

  bool any_configured_ = false;
  boost::container::small_vector<choice, 8> choices_;
  boost::container::small_vector<kv::pick_option, 8> options_;
};

}  // namespace spidergate::vault
