#pragma once
#include <spidergate/auth/cidr.hpp>
#include <spidergate/core/time.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>

namespace spidergate::auth {

/// Who fails too often is not heard for a while. Only failures come here, so valid tokens never wait for its locks.
class lockout {
 public:
  static constexpr std::size_t max_addresses = 100'000;

  /// `failures_per_minute` of 0 or less never locks anybody out.
  lockout(std::int64_t failures_per_minute, std::chrono::milliseconds duration, std::size_t capacity = max_addresses);

  /// Counts a failure. When the address was locked out already: how long it still is.
  [[nodiscard]] std::optional<std::chrono::milliseconds> note_failure(std::string_view address, epoch_ms now);
  /// The same without counting.
  [[nodiscard]] std::optional<std::chrono::milliseconds> locked_for(std::string_view address, epoch_ms now);

  [[nodiscard]] std::size_t size() const;

 private:
  struct suspect {
    ip_address network;
    std::deque<epoch_ms> failures;  // of the last minute
    epoch_ms locked_until = 0;
  };
  struct network_hash {
    std::size_t operator()(const ip_address& a) const noexcept {
      return std::hash<std::string_view>{}({reinterpret_cast<const char*>(a.bytes.data()), a.bytes.size()});
    }
  };
  struct shard {
    mutable std::mutex mutex;
    std::list<suspect> suspects;  // the one that failed last comes first
    boost::unordered_flat_map<ip_address, std::list<suspect>::iterator, network_hash> by_network;
  };
  static constexpr std::size_t shard_count = 16;

  shard& shard_of(const ip_address& network) { return shards_[network_hash{}(network) % shard_count]; }
  suspect& find_or_make(shard& in, const ip_address& network);

  std::size_t allowed_;
  std::chrono::milliseconds duration_;
  std::size_t capacity_of_shard_;
  std::array<shard, shard_count> shards_;
};

}  // namespace spidergate::auth
