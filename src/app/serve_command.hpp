#pragma once
#include <spidergate/cli/context.hpp>

namespace spidergate::app {

/// `spidergate serve`: prepares the store on a first start, imports keys, says what a newcomer needs, serves until a
/// signal. Returns the exit code.
int serve(cli::context& with);

}  // namespace spidergate::app
