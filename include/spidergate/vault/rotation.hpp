#pragma once
#include <spidergate/crypto/random.hpp>
#include <spidergate/store/records.hpp>
#include <spidergate/vault/envelope.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace spidergate::vault {

/// What rewrap_all() did.
struct rotation {
  std::vector<store::integration_record> rewrapped;  ///< rows to write back; only `sealed` differs
  std::size_t current_already = 0;
  std::vector<std::string> unreadable;  ///< ids of rows that no key of the ring opens; left as they are
};

/// Wraps the data keys of all rows by the current master key. Rows stay readable throughout, as long as the old key is
/// among the previous ones.
[[nodiscard]] rotation rewrap_all(crypto::random_source& random, const key_ring& keys,
                                  const std::vector<store::integration_record>& rows);

}  // namespace spidergate::vault
