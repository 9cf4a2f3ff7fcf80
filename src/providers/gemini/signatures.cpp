#include "signatures.hpp"

#include "tool_names.hpp"

#include <algorithm>

namespace spidergate::providers::gemini {

signatures::signatures(const chat::message& m) {
  for (const auto detail : m.reasoning_details.elements()) {
    if (detail.find("format").literal() != signature_format) continue;
    auto data = detail.find("data").literal();
    if (data.empty()) data = detail.find("signature").literal();
    if (data.empty()) continue;
    const auto id = detail.find("id").literal();
    const bool called = std::any_of(m.calls.begin(), m.calls.end(),
                                    [id](const auto& c) { return !id.empty() && c.id.literal() == id; });
    if (called) {
      by_id_.emplace_back(id, data);
    } else {
      loose_ = data;
    }
  }
}

std::string_view signatures::of(const chat::tool_call& call) const {
  // Google's own OpenAI-compatible API keeps it here, and clients made for that send it back.
  const auto own = call.whole.find("extra_content").find("google").find("thought_signature").literal();
  if (!own.empty()) return own;
  const auto id = call.id.literal();
  for (const auto& [known, data] : by_id_) {
    if (!id.empty() && known == id) return data;
  }
  return {};
}

}  // namespace spidergate::providers::gemini
