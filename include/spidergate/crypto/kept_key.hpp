#pragma once
#include <spidergate/core/secret_string.hpp>
#include <spidergate/crypto/random.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::crypto {

/// AES-256-GCM under a random key that lives as long as the object and leaves it never: for texts that a process keeps
/// sealed in its own memory, and opens for each use. Unlike in seal(), the cipher is keyed once per thread, so open()
/// costs little more than its bytes; the key schedules stay with the threads until another object is used there.
/// Thread-safe.
class kept_key {
 public:
  explicit kept_key(random_source& random);

  /// nonce || ciphertext || tag. The nonces are a count: no two are the same under this key.
  [[nodiscard]] std::string seal(std::string_view plain) const;
  /// The plain text, or nothing when any byte of `sealed` is not what seal() of this object gave.
  [[nodiscard]] std::optional<secret_string> open(std::string_view sealed) const;

 private:
  secret_string key_;
  std::uint64_t number_;  ///< tells a thread whether its cipher is keyed for this object
  mutable std::atomic<std::uint64_t> sealed_{0};
};

}  // namespace spidergate::crypto
