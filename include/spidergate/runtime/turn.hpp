#pragma once
#include <spidergate/runtime/awaitable.hpp>

namespace spidergate::runtime {

class worker;

/// Lets everything go first that is ready to run on `home` now: writers that were woken get their bytes to the kernel.
/// Costs a trip through the worker's queue. Called on `home`'s thread.
awaitable<void> next_turn(worker& home);

}  // namespace spidergate::runtime
