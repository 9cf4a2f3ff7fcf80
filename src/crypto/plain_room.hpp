#pragma once
#include <openssl/crypto.h>

#include <array>
#include <cstddef>
#include <span>
#include <vector>

namespace spidergate::crypto {

/// Room for a decrypted text, on the stack where it is as short as a provider key, and overwritten at the end.
class plain_room {
 public:
  explicit plain_room(std::size_t size) : size_(size) {
    if (size > inline_.size()) large_.resize(size);
  }
  ~plain_room() { OPENSSL_cleanse(bytes().data(), size_); }
  plain_room(const plain_room&) = delete;
  plain_room& operator=(const plain_room&) = delete;

  [[nodiscard]] std::span<char> bytes() noexcept { return {large_.empty() ? inline_.data() : large_.data(), size_}; }

 private:
  std::size_t size_;
  std::array<char, 1024> inline_;
  std::vector<char> large_;
};

}  // namespace spidergate::crypto
