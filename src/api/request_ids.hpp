#pragma once
#include <spidergate/crypto/random.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate::api {

/// Makes "req_" ids of 22 base62 characters: unique across restarts and replicas (128 random bits seed a generator per
/// worker), cheap, and no secret.
class request_ids {
 public:
  explicit request_ids(crypto::random_source& random);
  [[nodiscard]] std::string next();

 private:
  std::uint64_t state_[2];
};

/// The client's own id when it is short and printable (up to 128 of [0-9A-Za-z._:-]), else empty.
[[nodiscard]] std::string_view valid_client_id(std::string_view id) noexcept;

}  // namespace spidergate::api
