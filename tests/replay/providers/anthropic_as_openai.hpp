#pragma once
#include <nlohmann/json.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

/// Anthropic's Messages API read and turned back into OpenAI's form by simple means, against which the dialect is held.
namespace spidergate::replay {

using json = nlohmann::json;

/// The request that a client of OpenAI's would have sent; nothing where the recorded one is not known or has no such
/// form.
[[nodiscard]] std::optional<json> as_openai(const json& record);

/// A request of the Messages API without what says nothing: nulls, defaults, one string where a list may stand.
[[nodiscard]] json by_meaning(json request);

/// What a message says.
struct said_message {
  std::string id, model, text, thinking, finish, error;
  std::vector<std::pair<std::string, std::string>> signed_thinking;  ///< text or data, signature
  std::vector<std::tuple<std::string, std::string, json>> calls;     ///< id, name, arguments
  std::vector<std::string> urls;                                     ///< of citations
  int other_citations = 0;
  json usage;
};
[[nodiscard]] said_message read_message(const json& message);
[[nodiscard]] said_message read_events(const std::string& stream);

/// What a client of OpenAI's reads.
struct client_message : said_message {
  int usages = 0;
};
[[nodiscard]] client_message read_client_answer(const json& answer);
[[nodiscard]] client_message read_client_stream(const std::string& stream);

}  // namespace spidergate::replay
