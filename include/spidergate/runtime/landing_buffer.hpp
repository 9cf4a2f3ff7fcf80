#pragma once
#include <cstddef>
#include <span>

namespace spidergate::runtime {

/// Where the bytes of whichever stream of this thread is being read land, so that the many that are silent need no
/// buffers: one per thread. What has been read into it is to be taken out before the coroutine waits for anything else.
[[nodiscard]] std::span<char> landing_buffer();

}  // namespace spidergate::runtime
