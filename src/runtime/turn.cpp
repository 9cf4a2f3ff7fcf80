#include "event_loop.hpp"

#include <spidergate/runtime/turn.hpp>
#include <spidergate/runtime/worker.hpp>

namespace spidergate::runtime {

void next_turn::queue(detail::suspended behind_the_others) {
  home_.loop().behind_turn_end(std::move(behind_the_others));
}

}  // namespace spidergate::runtime
