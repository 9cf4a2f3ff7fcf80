#pragma once
#include <spidergate/cli/context.hpp>

namespace spidergate::cli {

/// Looks at everything that the gateway needs and says how to mend what is wrong; failed when something is.
exit_code examine(context& in);

}  // namespace spidergate::cli
