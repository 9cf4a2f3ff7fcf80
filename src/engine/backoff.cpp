#include "backoff.hpp"

#include <spidergate/runtime/worker.hpp>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace spidergate::engine {

std::optional<std::chrono::milliseconds> retry_delay(int retry, double jitter,
                                                     std::optional<std::chrono::milliseconds> asked_by_provider,
                                                     std::chrono::milliseconds until_deadline,
                                                     bool others_remain) noexcept {
  constexpr std::chrono::milliseconds first{100};
  constexpr std::chrono::milliseconds longest{10'000};
  constexpr std::chrono::milliseconds patience{2'000};
  if (asked_by_provider) {
    if (others_remain && *asked_by_provider > patience) return std::nullopt;
    if (*asked_by_provider >= until_deadline) return std::nullopt;
    return asked_by_provider;
  }
  const auto bound = std::min(longest, first * (1 << std::clamp(retry, 0, 10)));
  const auto delay = std::chrono::milliseconds(static_cast<std::int64_t>(jitter * static_cast<double>(bound.count())));
  if (delay >= until_deadline) return std::nullopt;
  return delay;
}

awaitable<void> pause(runtime::worker& home, std::chrono::milliseconds how_long, runtime::stop_signal& stop) {
  if (stop.stopped()) co_return;
  asio::steady_timer timer(home.io(), how_long);
  const runtime::stop_signal::on_stop interrupt(stop, [&timer] { timer.cancel(); });
  boost::system::error_code ignored;  // cancelled or due: either way the pause is over
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable_t<asio::io_context::executor_type>{}, ignored));
}

}  // namespace spidergate::engine
