#include <spidergate/vault/rotation.hpp>

namespace spidergate::vault {

rotation rewrap_all(crypto::random_source& random, const key_ring& keys,
                    const std::vector<store::integration_record>& rows) {
  rotation done;
  for (const auto& row : rows) {
    if (master_key_id(row.sealed) == keys.current.id) {
      ++done.current_already;
      continue;
    }
    auto sealed = rewrap(random, keys, {row.brand_id, row.id, row.origin}, row.sealed);
    if (!sealed) {
      done.unreadable.push_back(row.id);
      continue;
    }
    done.rewrapped.push_back(row);
    done.rewrapped.back().sealed = *std::move(sealed);
  }
  return done;
}

}  // namespace spidergate::vault
