#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/core/secret_string.hpp>
#include <spidergate/crypto/random.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::vault {

/// A key-encryption key and its id (the first 8 bytes of SHA-256 over it, hex), which sealed rows name.
struct master_key {
  std::string id;
  secret_string bytes;  ///< 32

  [[nodiscard]] static std::optional<master_key> from_hex(std::string_view hex);
  [[nodiscard]] static master_key generate(crypto::random_source& random);
  [[nodiscard]] secret_string to_hex() const;
};

/// The current key seals; the current and the previous ones open.
struct key_ring {
  master_key current;
  std::vector<master_key> previous;
};

/// What a sealed credential is bound to: a row copied to another brand, integration or origin does not open.
struct binding {
  std::string_view brand_id, integration_id, origin;
};

/// Envelope: version ("SGV1"), master key id (16 hex digits), data key wrapped by the master key, payload under the
/// data key; both AES-256-GCM with the binding, the version and which of the two it is as AAD. Each call makes a fresh
/// data key.
[[nodiscard]] std::string seal_credential(crypto::random_source& random, const key_ring& keys, const binding& to,
                                          std::string_view plain);
/// The payload, or nothing: unknown master key, another binding, any byte changed.
[[nodiscard]] std::optional<secret_string> open_credential(const key_ring& keys, const binding& to,
                                                           std::string_view sealed);
/// The same payload with its data key wrapped by the current master key; nothing when it cannot be opened.
[[nodiscard]] std::optional<std::string> rewrap(crypto::random_source& random, const key_ring& keys, const binding& to,
                                                std::string_view sealed);
/// The id of the master key that a sealed form names; empty when malformed.
[[nodiscard]] std::string_view master_key_id(std::string_view sealed) noexcept;

/// "sk-or-***9f2c": known prefix or the first characters, and the last four; short keys show nothing but stars.
[[nodiscard]] std::string mask_key(std::string_view key);

/// What load_or_create_master_key found.
struct master_key_file {
  master_key key;
  bool created = false;
  std::string warning;  ///< for the log, or empty
};
/// Reads master.key from the data directory, or makes it (0600; of several processes that start at once, one makes it
/// and all read it). A file that everybody may read or change is refused; one that is open to its group (as Kubernetes'
/// fsGroup makes them) gives a warning. The messages are for a person.
[[nodiscard]] boost::system::result<master_key_file, std::string> load_or_create_master_key(
    const std::string& path, crypto::random_source& random);

}  // namespace spidergate::vault
