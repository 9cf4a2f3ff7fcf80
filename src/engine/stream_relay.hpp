#pragma once
#include "attempt.hpp"

#include <memory>

namespace spidergate::engine {

/// Whom a call is made to, and what its answer is read with.
struct conversation {
  const providers::dialect& speaks;
  const catalogue::provider& who;
  providers::answer_input about;
};

/// Relays one provider's stream to the client, event by event as it arrives: nothing is sent before the first content
/// (so that another candidate can still take over), everything at once afterwards. Waiting for the client's socket is
/// the back-pressure towards the provider.
awaitable<void> relay_stream(attempt_setting& in, const conversation& with, std::unique_ptr<upstream::call> call,
                             attempt_outcome& outcome);

}  // namespace spidergate::engine
