#pragma once
#include <string>
#include <string_view>

namespace spidergate::http {

/// Server-sent events towards a client. The fields that clients trip over (`id:`, a lone `event:`) are never written.

/// Fills silence. A comment: every client ignores it, where a `ping` event or an empty `data:` breaks a known one.
inline constexpr std::string_view sse_keep_alive = ": keep-alive\n\n";
/// Ends a good stream in OpenAI's dialect.
inline constexpr std::string_view sse_done = "data: [DONE]\n\n";

/// Appends one event. `data` is one line: JSON without raw line breaks, as every JSON writer makes it.
inline void append_sse(std::string& out, std::string_view data) {
  out.append("data: ").append(data).append("\n\n");
}

/// The same with an event name, as Anthropic's dialect wants it.
inline void append_sse(std::string& out, std::string_view event, std::string_view data) {
  out.append("event: ").append(event).append("\n");
  append_sse(out, data);
}

}  // namespace spidergate::http
