#include <spidergate/runtime/turn.hpp>
#include <spidergate/runtime/worker.hpp>

#include <boost/asio/post.hpp>

namespace spidergate::runtime {

void next_turn::queue(detail::suspended behind_the_others) {
  asio::post(home_.io(), [waiting = std::move(behind_the_others)]() mutable { waiting.resume(); });
}

}  // namespace spidergate::runtime
