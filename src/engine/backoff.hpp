#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/runtime/awaitable.hpp>
#include <spidergate/runtime/stop_signal.hpp>

#include <chrono>
#include <optional>
#include <string_view>

namespace spidergate::runtime {
class worker;
}

namespace spidergate::engine {

/// How long to wait before the `retry`-th retry (0 is the first) of the same candidate: the provider's own word, else
/// full jitter under an exponential bound from 100 ms (capped at 10 s). Nothing when it would not fit before the
/// deadline, or when the provider asks for more than two seconds while another candidate could serve now: then the next
/// candidate is the better answer.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_delay(
    int retry, double jitter, std::optional<std::chrono::milliseconds> asked_by_provider,
    std::chrono::milliseconds until_deadline, bool others_remain) noexcept;

/// What a Retry-After that is a date asks for ("Sun, 06 Nov 1994 08:49:37 GMT"), at most a day; nothing when it is no
/// such date. A date that has passed asks for nothing: 0.
[[nodiscard]] std::optional<std::chrono::milliseconds> wait_until_date(std::string_view retry_after,
                                                                       epoch_ms now) noexcept;

/// Sleeps, or returns early when `stop` fires.
awaitable<void> pause(runtime::worker& home, std::chrono::milliseconds how_long, runtime::stop_signal& stop);

}  // namespace spidergate::engine
