#pragma once
#include <spidergate/core/time.hpp>
#include <spidergate/telemetry/log.hpp>

#include <string>
#include <string_view>

namespace spidergate::telemetry::log {

/// One event as one line, without the newline; nothing in it can start a second line. `left_out` above 0 is told.
[[nodiscard]] std::string make_line(format shape, epoch_ms now, level at, std::string_view message, fields more,
                                    std::uint64_t left_out);

}  // namespace spidergate::telemetry::log
