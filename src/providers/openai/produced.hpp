#pragma once
#include <spidergate/json/value.hpp>

#include <cstdint>

namespace spidergate::providers::openai {

/// How many bytes of produced text a member of a message, a delta or a legacy choice holds: content, reasoning under
/// its several names, refusals, arguments of calls. What repeats another member (`reasoning_details` beside
/// `reasoning`) is not counted twice.
[[nodiscard]] std::int64_t produced_bytes(const json::member& m);

/// Whether that member gives the client anything: a role alone, null and "" do not.
[[nodiscard]] bool is_content(const json::member& m);

}  // namespace spidergate::providers::openai
