#pragma once
#include "access_tokens.hpp"
#include "destination.hpp"
#include "failure.hpp"

#include <spidergate/engine/engine.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace spidergate::engine {

/// What of a streamed answer has reached the client so far; one per request, shared by its attempts.
struct stream_progress {
  bool opened = false;     ///< the head has been sent, perhaps early, with a keep-alive comment
  bool committed = false;  ///< content has been sent: no failover any more
  steady_time last_sent{};
};

/// How one call to one candidate with one key ended. It stays where the attempt was begun, and whoever finds something
/// out writes it there: an outcome is large, and the way down to the provider is long.
struct attempt_outcome {
  enum class ending : std::uint8_t { answered, streamed, failed, stream_failed, client_gone };
  ending how = ending::failed;
  owned_failure why;          ///< with failed and stream_failed
  int status = 0;             ///< the provider's
  bool request_sent = false;  ///< the provider may have worked for us

  std::string bytes;  ///< with answered: what `answer` points into
  providers::client_answer answer;
  std::optional<model::usage> usage;
  std::int64_t content_bytes = 0;
  std::optional<steady_time> first_content_at;
  std::vector<std::string> dropped_params;
  std::unique_ptr<upstream::call>
      remainder;  ///< with streamed: what still has to be read for the connection to be reused

  void fail(owned_failure reason) {
    how = ending::failed;
    status = reason->status;
    why = std::move(reason);
  }
};

/// The collaborators and the fixed facts of an attempt. References outlive the call.
struct attempt_setting {
  runtime::worker& home;
  upstream::client& providers;
  access_tokens& tokens;
  destinations& places;
  const task& what;
  const options& clocks;
  stream_progress& stream;
  std::string fallback_from;  ///< of the first choice, when this attempt is another's
  std::size_t attempts = 1;   ///< this one included
  epoch_ms begun_at = 0;      ///< for signatures and the like, which have seconds
};

/// Makes one call; `outcome` comes fresh and outlives it. Knows nothing of retries, keys' health and breakers.
awaitable<void> make_attempt(attempt_setting& in, const router::candidate& who, const vault::lease& key,
                             attempt_outcome& outcome);

}  // namespace spidergate::engine
