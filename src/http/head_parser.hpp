#pragma once
#include "head_scanner.hpp"

#include <spidergate/http/request_head.hpp>

#include <string_view>

namespace spidergate::http {

/// More fields than this are refused with 431: no client sends them, and each costs memory.
inline constexpr std::size_t max_fields = 100;

/// Reads a complete head that the scanner let through. `out` is overwritten (its vector's memory is reused) with views
/// into `head`. The verdict is `refusal::none` when the request may be served. No I/O.
[[nodiscard]] verdict parse_head(std::string_view head, request_head& out);

}  // namespace spidergate::http
