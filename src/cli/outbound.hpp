#pragma once
#include <spidergate/cli/context.hpp>
#include <spidergate/engine/engine.hpp>
#include <spidergate/runtime/blocking_pool.hpp>
#include <spidergate/runtime/worker.hpp>
#include <spidergate/upstream/client.hpp>
#include <spidergate/vault/vault.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace spidergate::cli {

/// A worker with connections to providers of its own, for commands that try them: the same code, clocks and address
/// rules as in the server. Calls wait for the outcome.
class outbound {
 public:
  explicit outbound(context& in);
  ~outbound();
  outbound(const outbound&) = delete;
  outbound& operator=(const outbound&) = delete;

  /// One real call with a key: what went wrong, or nothing.
  std::optional<std::string> probe(vault::vault& keys, const router::candidate& who, const vault::lease& key,
                                   const model::inference_request& asked);
  /// Whether an HTTP answer comes from each of them, all tried at once; errors in the same order.
  std::vector<error_code> reach(std::span<const upstream::parsed_url> where);

 private:
  engine::options clocks_;
  runtime::worker worker_;
  runtime::blocking_pool resolver_;
  engine::health_board health_;
  upstream::client providers_;
};

}  // namespace spidergate::cli
