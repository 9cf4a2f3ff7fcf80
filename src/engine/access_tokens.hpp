#pragma once
#include "failure.hpp"

#include <spidergate/core/time.hpp>
#include <spidergate/crypto/digest.hpp>
#include <spidergate/providers/dialect.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/stop_signal.hpp>
#include <spidergate/runtime/wait_point.hpp>
#include <spidergate/upstream/client.hpp>
#include <spidergate/vault/vault.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace spidergate::runtime {
class worker;
}

namespace spidergate::engine {

/// The short-lived access tokens (OAuth 2) that credentials have been exchanged for, of one worker. Kept by integration
/// and a digest of its credential, so a changed credential never meets the old one's token; asked for once however many
/// requests wait; renewed in the background while the old one still serves; at most `capacity` of them, the longest
/// unused going first. Worker thread only.
class access_tokens {
 public:
  static constexpr std::size_t capacity = 1024;

  access_tokens(runtime::worker& home, upstream::client& providers);
  ~access_tokens();
  access_tokens(const access_tokens&) = delete;
  access_tokens& operator=(const access_tokens&) = delete;

  /// Whose token is wanted. References outlive the call.
  struct asking {
    const providers::dialect& issuer;  ///< knows how credentials of that provider are exchanged
    const catalogue::provider& who;
    const providers::credential& secret;
    const vault::lease& key;
    upstream::clocks clocks;  ///< `total` is the request's deadline
    runtime::stop_signal& stop;
  };
  struct issued {
    secret_string token;
    bool fresh = false;  ///< it came during this call
    crypto::sha256_digest owner{};
  };
  /// Neither: the credential is sent as it is.
  struct outcome {
    std::optional<issued> token;
    owned_failure why;
  };
  awaitable<outcome> get(asking in);

  /// Told without waiting: true where that credential is sent as it is, and get() has nothing to add.
  [[nodiscard]] bool is_sent_itself(const providers::dialect& issuer, const catalogue::provider& who,
                                    const providers::credential& secret) const;

  /// The provider does not take this token any more, whatever its time. One that has been renewed since stays.
  void drop(const issued& which);

  [[nodiscard]] std::size_t size() const noexcept { return held_.size(); }

 private:
  struct entry;
  struct fetching;
  using shared_entry = std::shared_ptr<entry>;

  [[nodiscard]] bool serves(const entry& of) const;
  [[nodiscard]] owned_failure begin_fetch(const asking& in, const shared_entry& of);
  awaitable<void> fetch(std::shared_ptr<fetching> what);
  awaitable<boost::system::result<providers::access_token, failure>> exchange(fetching& what);
  void make_room();

  runtime::worker& home_;
  upstream::client& providers_;
  std::unordered_map<crypto::sha256_digest, shared_entry, crypto::digest_hash> held_;
};

}  // namespace spidergate::engine
