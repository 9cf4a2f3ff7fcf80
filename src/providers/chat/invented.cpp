#include "invented.hpp"

#include "../openai/tool_calls.hpp"

namespace spidergate::providers::chat {

std::string invented_id(const answer_input& in) {
  std::string_view own = in.request_id;
  if (own.starts_with("req_")) own.remove_prefix(4);
  return "chatcmpl-" + std::string(own.empty() ? "1" : own);
}

std::string invented_call_id(const answer_input& in, std::int64_t choice, std::int64_t call, std::string_view name) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::uint64_t hash = openai::hash_of(in.request_id);
  hash = openai::hash_of(std::to_string(choice) + "/" + std::to_string(call) + "/", hash);
  hash = openai::hash_of(name, hash);
  std::string id = "call_";
  for (int i = 0; i < 16; ++i, hash >>= 4) id.push_back(digits[hash & 15]);
  return id;
}

bool in_legacy_form(const model::inference_request& asked) {
  const auto given = [&asked](std::string_view name) {
    const auto* m = asked.find(name);
    return m != nullptr && m->value != "null";
  };
  return given("functions") && !given("tools");
}

}  // namespace spidergate::providers::chat
