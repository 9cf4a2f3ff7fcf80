#pragma once
#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A second reading of Converse, written for the tests alone and as simply as can be.
namespace spidergate::replay::bedrock {

using json = nlohmann::json;

/// What an OpenAI client would have sent for a recorded request; nothing where it has no way to say it, with `why`.
std::optional<json> as_openai(const json& record, std::string& why);
/// A Converse request without what means nothing: so that two ways to say one thing are equal.
json by_meaning(json request);

struct said {
  std::string text, thinking, finish, error_type, error_message;
  std::vector<std::pair<std::string, json>> calls;  ///< name, arguments
  std::vector<std::string> ids;
  std::vector<std::string> signatures;  ///< and sealed thinking
  std::vector<std::string> urls;
  int other_citations = 0;
  json usage;
};
/// Of a whole answer, and of a stream's bytes.
said read_answer(const json& answer);
said read_stream(std::string_view bytes);

/// What the client got, whole and as chunks.
said read_completion(const json& completion);
said read_chunks(std::string_view stream, int& usages);

}  // namespace spidergate::replay::bedrock
