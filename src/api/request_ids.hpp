#pragma once
#include <spidergate/crypto/random.hpp>
#include <spidergate/runtime/clock.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace spidergate::api {

/// Makes "req_" ids of 22 base62 characters: nine of the time in microseconds, thirteen of a generator seeded per
/// worker with 128 random bits. So they are unique across restarts and replicas, sort by time (which settles the order
/// of receipts within a millisecond and keeps the ledger's index growing at its end), and are no secret.
class request_ids {
 public:
  /// `time` outlives the object.
  request_ids(crypto::random_source& random, const runtime::clock& time);
  [[nodiscard]] std::string next();

 private:
  const runtime::clock& time_;
  std::uint64_t state_[2];
};

/// The client's own id when it is short and printable (up to 128 of [0-9A-Za-z._:-]), else empty.
[[nodiscard]] std::string_view valid_client_id(std::string_view id) noexcept;

}  // namespace spidergate::api
