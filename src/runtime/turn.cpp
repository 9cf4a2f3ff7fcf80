#include <spidergate/runtime/turn.hpp>
#include <spidergate/runtime/worker.hpp>

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace spidergate::runtime {

awaitable<void> next_turn(worker& home) {
  return asio::post(home.io(), asio::use_awaitable_t<asio::io_context::executor_type>());
}

}  // namespace spidergate::runtime
