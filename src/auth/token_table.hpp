#pragma once
#include <spidergate/auth/authenticator.hpp>
#include <spidergate/crypto/digest.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <string_view>

namespace spidergate::auth {

/// Tokens by the SHA-256 of their text; immutable once published.
class token_table {
 public:
  using known_token = std::shared_ptr<const principal>;

  void add(const crypto::sha256_digest& hash, known_token who) { tokens_.emplace(hash, std::move(who)); }
  void reserve(std::size_t count) { tokens_.reserve(count); }
  [[nodiscard]] std::size_t size() const noexcept { return tokens_.size(); }

  /// Null when the token is not known.
  [[nodiscard]] known_token find(std::string_view token) const {
    const auto found = tokens_.find(crypto::sha256(token));
    return found == tokens_.end() ? nullptr : found->second;
  }

 private:
  struct equal_digests {
    bool operator()(const crypto::sha256_digest& left, const crypto::sha256_digest& right) const noexcept {
      unsigned difference = 0;
      for (std::size_t i = 0; i < left.size(); ++i) difference |= static_cast<unsigned>(left[i] ^ right[i]);
      return difference == 0;
    }
  };
  boost::unordered_flat_map<crypto::sha256_digest, known_token, crypto::digest_hash, equal_digests> tokens_;
};

}  // namespace spidergate::auth
