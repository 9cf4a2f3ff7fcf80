#pragma once
#include <spidergate/core/secret_string.hpp>
#include <spidergate/crypto/random.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::crypto {

/// AES-256 in counter mode under a random key that lives as long as the object and leaves it never: for texts that a
/// process keeps sealed in its own memory, and opens for each use. The checksum tells a text that was damaged or sealed
/// under another key from a good one; it is no defence against forgery, since who can write into this memory can read
/// the key in it. What goes to disk or anywhere else is sealed by seal().
///
/// The cipher is keyed once per thread, so open() costs little more than its bytes; the key schedules stay with the
/// threads until another object is used there. Thread-safe.
class kept_key {
 public:
  explicit kept_key(random_source& random);

  /// nonce || checksum || ciphertext. The nonces are a count: no two are the same under this key.
  [[nodiscard]] std::string seal(std::string_view plain) const;
  /// The plain text, or nothing when `sealed` is not what seal() of this object gave.
  [[nodiscard]] std::optional<secret_string> open(std::string_view sealed) const;

 private:
  secret_string key_;
  std::uint64_t number_;  ///< tells a thread whether its cipher is keyed for this object
  mutable std::atomic<std::uint64_t> sealed_{0};
};

}  // namespace spidergate::crypto
