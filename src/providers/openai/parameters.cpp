#include "parameters.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string>

namespace spidergate::providers::openai {

namespace {

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// Spec section 10: without them it would be another question.
constexpr std::array<std::string_view, 9> questions{"tools",      "functions",          "tool_choice",
                                                    "modalities", "response_format",    "n",
                                                    "audio",      "web_search_options", "function_call"};
// OpenAI's guide to reasoning models: beside temperature, these are refused unless they say nothing.
constexpr std::array<std::string_view, 6> not_while_reasoning{"top_p",    "presence_penalty", "frequency_penalty",
                                                              "logprobs", "top_logprobs",     "logit_bias"};

bool is_number(std::string_view raw, double wanted) {
  double value = 0;
  const auto [end, failure] = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  return failure == std::errc{} && end == raw.data() + raw.size() && value == wanted;
}

bool is_empty(std::string_view raw) {
  if (raw.size() < 2) return false;
  const bool bracket = (raw.front() == '[' && raw.back() == ']') || (raw.front() == '{' && raw.back() == '}');
  if (!bracket) return raw == "\"\"";
  return raw.find_first_not_of(" \t\r\n", 1) == raw.size() - 1;
}

}  // namespace

bool says_nothing(std::string_view name, std::string_view value) {
  if (value == "null" || value == "false" || is_empty(value)) return true;
  if (name == "n" || name == "temperature" || name == "top_p" || name == "best_of") return is_number(value, 1);
  if (name == "presence_penalty" || name == "frequency_penalty" || name == "top_logprobs") return is_number(value, 0);
  if (name == "tool_choice" || name == "function_call") return value == "\"auto\"";
  if (name == "parallel_tool_calls") return value == "true";
  if (name == "service_tier" || name == "truncation") return value == "\"auto\"" || value == "\"default\"";
  if (name == "response_format") return value.find("\"text\"") != std::string_view::npos && value.size() < 24;
  if (name == "modalities") return value.size() < 12 && value.find("\"text\"") != std::string_view::npos;
  return false;
}

bool is_openai_house(const catalogue::provider& provider) noexcept {
  return provider.id == "openai" || provider.id.starts_with("azure");
}

std::string_view length_field(const encode_input& in) {
  constexpr std::string_view old_name = "max_tokens", new_name = "max_completion_tokens";
  return in.asked.kind == model::endpoint::chat && is_openai_house(in.provider) ? new_name : old_name;
}

bool is_dropped(const encode_input& in, std::string_view name) {
  if (in.provider.drops.empty()) return false;
  constexpr std::string_view while_reasoning = "reasoning:";
  const bool reasons = in.entry != nullptr && in.entry->reasoning;
  return std::any_of(in.provider.drops.begin(), in.provider.drops.end(), [&](std::string_view drop) {
    if (!drop.starts_with(while_reasoning)) return drop == name;
    return reasons && drop.substr(while_reasoning.size()) == name;
  });
}

void note_dropped(wire_request& wire, std::string_view name) {
  if (!among(wire.dropped_params, name)) wire.dropped_params.emplace_back(name);
}

fate fate_of(const encode_input& in, const model::body_member& m) {
  if (is_dropped(in, m.name)) {
    // These are done for the client whether the provider knows them or not.
    const bool done_here = m.name == "stream_options" || m.name == "return_documents" || m.name == "encoding_format";
    if (says_nothing(m.name, m.value) || done_here) return fate::erase;
    return among(questions, m.name) ? fate::refuse : fate::drop;
  }
  if (in.entry == nullptr || !in.entry->no_temperature || in.asked.kind != model::endpoint::chat) return fate::keep;
  const bool refused = m.name == "temperature" || (is_openai_house(in.provider) && among(not_while_reasoning, m.name));
  return refused && !says_nothing(m.name, m.value) ? fate::drop : fate::keep;
}

refusal refused_parameter(const encode_input& in, std::string_view name) {
  const std::string who = in.provider.name.empty() ? in.provider.id : in.provider.name;
  return {std::string(name), who + " does not take '" + std::string(name) + "' for the model '" +
                                 std::string(in.model) + "'. Leave it out, or ask a model of another provider."};
}

}  // namespace spidergate::providers::openai
