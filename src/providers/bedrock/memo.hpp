#pragma once
#include <string>
#include <string_view>

namespace spidergate::providers::bedrock {

/// What the decoder has to know of how a chat request was encoded; travels as wire_request::memo.
struct chat_memo {
  std::string json_tool;         ///< the function that stands for response_format; empty: none
  bool hides_reasoning = false;  ///< asked for, but not to be shown

  [[nodiscard]] std::string text() const { return (hides_reasoning ? "hide " : "show ") + json_tool; }
  [[nodiscard]] static chat_memo read(std::string_view text) {
    chat_memo memo;
    memo.hides_reasoning = text.starts_with("hide ");
    if (text.size() > 5) memo.json_tool = text.substr(5);
    return memo;
  }
};

}  // namespace spidergate::providers::bedrock
