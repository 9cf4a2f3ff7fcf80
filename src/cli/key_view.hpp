#pragma once
#include <spidergate/cli/context.hpp>
#include <spidergate/kv/memory_counters.hpp>
#include <spidergate/vault/vault.hpp>

namespace spidergate::cli {

/// The vault as the database knows it, with counters of its own: to look at, and to open keys for a test. What a
/// running server knows beyond the database (minute counts, breakers) is not in it.
class key_view {
 public:
  explicit key_view(context& in);
  [[nodiscard]] vault::vault& keys() noexcept { return keys_; }

 private:
  kv::memory_counters counters_;
  vault::vault keys_;
};

}  // namespace spidergate::cli
