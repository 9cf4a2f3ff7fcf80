#pragma once
#include "attempt.hpp"

#include <string>
#include <vector>

namespace spidergate::engine {

/// With whom, in which words and with what an exchange is made. References outlive it.
struct partner {
  const router::candidate& who;
  const catalogue::provider& spoken;  ///< as its model is called: who.provider, or one of its variants
  const providers::dialect& speaks;
  const destination& to;
  const providers::credential& secret;
};

/// One question and all that it takes to get its answer: the request, what has to be asked after it (uploads, jobs that
/// are polled: at the same origin, at most 200 times), the answer whole or as a stream.
awaitable<void> converse(attempt_setting& in, const partner& with, attempt_outcome& outcome);

}  // namespace spidergate::engine
