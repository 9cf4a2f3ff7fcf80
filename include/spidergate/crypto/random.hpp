#pragma once
#include <cstddef>
#include <span>
#include <string>

namespace spidergate::crypto {

/// Where unpredictable bytes come from. Production uses the operating system's generator through OpenSSL; tests give
/// their own.
class random_source {
 public:
  virtual ~random_source() = default;
  /// Fills `bytes`. Thread-safe. Throws when the system cannot give randomness: nothing can go on then.
  virtual void fill(std::span<unsigned char> bytes) = 0;
};

[[nodiscard]] random_source& system_random();

/// `length` characters of [0-9A-Za-z], unbiased.
[[nodiscard]] std::string random_base62(random_source& random, std::size_t length);

}  // namespace spidergate::crypto
