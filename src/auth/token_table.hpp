#pragma once
#include <spidergate/auth/authenticator.hpp>
#include <spidergate/auth/token.hpp>
#include <spidergate/crypto/digest.hpp>

#include <boost/unordered/unordered_flat_map.hpp>

#include <memory>
#include <string_view>
#include <utility>

namespace spidergate::auth {

/// Keys and PATs by the SHA-256 of their text, triples by that of their api_key; immutable once published. A credential
/// that is not known costs its hashes and a look-up in memory, never a call to the store: a cache of unknown ones would
/// need the same hash and the same look-up, so there is none.
class token_table {
 public:
  using known_token = std::shared_ptr<const principal>;

  void add(const crypto::sha256_digest& hash, known_token who) { tokens_.emplace(hash, std::move(who)); }
  void add_triple(const crypto::sha256_digest& key_hash, const crypto::sha256_digest& secret_hash, known_token who) {
    triples_.emplace(key_hash, known_triple{secret_hash, std::move(who)});
  }
  void reserve(std::size_t count) { tokens_.reserve(count); }
  [[nodiscard]] std::size_t size() const noexcept { return tokens_.size() + triples_.size(); }

  /// Null when the token is not known. `credential` is well-formed.
  [[nodiscard]] known_token find(std::string_view credential) const {
    return find_by(credential, [](std::string_view text) { return crypto::sha256(text); });
  }

  /// The same with a hash function of the caller's, so that a test can count what is hashed. What is done for a triple
  /// does not depend on which of its parts is wrong.
  template <class Sha256>
  [[nodiscard]] known_token find_by(std::string_view credential, Sha256&& sha256) const {
    const auto parts = triple_of(credential);
    if (!parts) {
      const auto found = tokens_.find(sha256(credential));
      return found == tokens_.end() ? nullptr : found->second;
    }
    const crypto::sha256_digest key_hash = sha256(parts->api_key);
    const crypto::sha256_digest secret_hash = sha256(parts->api_secret);
    const auto found = triples_.find(key_hash);
    const bool known = found != triples_.end();
    const auto& held = known ? found->second : decoy();
    const bool right_secret = equal_digests{}(secret_hash, held.secret_hash);
    const bool right_client = equal_digests{}(sha256(parts->client_id), sha256(held.who->client_id));
    const auto right =
        static_cast<unsigned>(known) & static_cast<unsigned>(right_secret) & static_cast<unsigned>(right_client);
    return right != 0 ? held.who : nullptr;
  }

 private:
  /// In a time that does not depend on where they differ.
  struct equal_digests {
    bool operator()(const crypto::sha256_digest& left, const crypto::sha256_digest& right) const noexcept {
      unsigned difference = 0;
      for (std::size_t i = 0; i < left.size(); ++i) difference |= static_cast<unsigned>(left[i] ^ right[i]);
      return difference == 0;
    }
  };
  struct known_triple {
    crypto::sha256_digest secret_hash;
    known_token who;
  };
  template <class Held>
  using by_hash = boost::unordered_flat_map<crypto::sha256_digest, Held, crypto::digest_hash, equal_digests>;

  /// What an unknown triple is compared with.
  [[nodiscard]] static const known_triple& decoy() {
    static const known_triple nobody{{}, [] {
                                       principal who;
                                       who.client_id = "cli_0000000000000000";
                                       return std::make_shared<const principal>(std::move(who));
                                     }()};
    return nobody;
  }

  by_hash<known_token> tokens_;
  by_hash<known_triple> triples_;
};

}  // namespace spidergate::auth
