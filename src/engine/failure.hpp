#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/model/api_error.hpp>
#include <spidergate/providers/dialect.hpp>
#include <spidergate/vault/vault.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::engine {

/// Where to go after a failed attempt (spec 10).
enum class next_step : std::uint8_t {
  give_up,          ///< the request's own fault: the answer is the client's
  stop,             ///< the client has gone or the total time is up
  other_key,        ///< the key is at fault
  same_candidate,   ///< may pass: the same candidate again while retries are left, then the next one
  other_candidate,  ///< this candidate cannot serve it
  larger_window,    ///< the prompt does not fit: only a candidate with a larger context helps
};

/// Why an attempt failed, and what follows from it for key, breaker and client.
struct failure {
  next_step next = next_step::same_candidate;
  vault::key_outcome key = vault::key_outcome::neutral;
  bool counts_for_breaker = false;
  bool rate_limited = false;
  bool credentials_refused = false;
  bool unsupported = false;  ///< nobody was asked: dialect or provider have no way to say what the request wants
  int status = 0;            ///< the provider's
  std::string label;         ///< short, for traces: "429", "clock connect", "bad answer"
  std::string message;       ///< one sentence for people
  std::optional<std::chrono::milliseconds> retry_after;
  model::api_error to_client;  ///< with give_up and larger_window: what the client gets
};

/// On its way up through coroutines: a failure is large and rare, and every one that might come would have its room in
/// a frame for as long as a stream lasts.
using owned_failure = std::unique_ptr<failure>;

/// What a provider said.
[[nodiscard]] owned_failure from_provider(const providers::provider_error& said);

/// What the connection did. `clock` names the clock behind a read_timeout.
[[nodiscard]] owned_failure from_transport(error_code code, std::string_view clock);

/// The dialect or the provider has no way to say what is asked: somebody else may.
[[nodiscard]] owned_failure cannot_say(const providers::refusal& why);

/// The client would rather have a refusal than parameters left out (strict_params).
[[nodiscard]] owned_failure would_drop(const std::string& candidate, const std::vector<std::string>& params);

/// An answer that is none.
[[nodiscard]] owned_failure unparsable(std::string message);

}  // namespace spidergate::engine
