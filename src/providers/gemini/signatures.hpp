#pragma once
#include "../chat/chat_request.hpp"

#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::providers::gemini {

/// The thought signatures that an assistant's earlier message brought along. Views of the request: insides of string
/// literals.
class signatures {
 public:
  explicit signatures(const chat::message& m);
  /// Of that call; empty where there is none.
  [[nodiscard]] std::string_view of(const chat::tool_call& call) const;
  /// The last one that belongs to no call: of the text.
  [[nodiscard]] std::string_view loose() const noexcept { return loose_; }

 private:
  std::vector<std::pair<std::string_view, std::string_view>> by_id_;
  std::string_view loose_;
};

}  // namespace spidergate::providers::gemini
