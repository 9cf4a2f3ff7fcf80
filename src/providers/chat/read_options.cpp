#include "request_reading.hpp"

#include <spidergate/json/name_table.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace spidergate::providers::chat {

namespace {

using level = reasoning_wish::level;

std::optional<level> level_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, level>, 9> known{{{"none", level::none},
                                                                     {"minimal", level::minimal},
                                                                     {"low", level::low},
                                                                     {"medium", level::medium},
                                                                     {"high", level::high},
                                                                     {"xhigh", level::xhigh},
                                                                     {"max", level::xhigh},
                                                                     {"default", level::unset},
                                                                     {"auto", level::unset}}};
  for (const auto& [name, value] : known) {
    if (name == word) return value;
  }
  return std::nullopt;
}

struct slot {
  std::string_view name;
  json::value chat_request::* field;
};

// What dialects look at as it stands.
constexpr std::array slots{slot{"temperature", &chat_request::temperature},
                           slot{"top_p", &chat_request::top_p},
                           slot{"top_k", &chat_request::top_k},
                           slot{"min_p", &chat_request::min_p},
                           slot{"seed", &chat_request::seed},
                           slot{"frequency_penalty", &chat_request::frequency_penalty},
                           slot{"presence_penalty", &chat_request::presence_penalty},
                           slot{"logprobs", &chat_request::logprobs},
                           slot{"top_logprobs", &chat_request::top_logprobs},
                           slot{"logit_bias", &chat_request::logit_bias},
                           slot{"metadata", &chat_request::metadata},
                           slot{"service_tier", &chat_request::service_tier},
                           slot{"verbosity", &chat_request::verbosity},
                           slot{"modalities", &chat_request::modalities},
                           slot{"audio", &chat_request::audio},
                           slot{"prediction", &chat_request::prediction},
                           slot{"web_search_options", &chat_request::web_search_options}};
constexpr json::name_table slot_names([] {
  std::array<std::string_view, slots.size()> names;
  std::transform(slots.begin(), slots.end(), names.begin(), [](const slot& s) { return s.name; });
  return names;
}());

}  // namespace

bool request_reading::option(const json::member& m) {
  if (const auto place = slot_names.place(m.name); place != slot_names.none) {
    const auto& [name, field] = slots[place];
    const bool number = field == &chat_request::top_k || field == &chat_request::min_p || field == &chat_request::seed;
    if (number && !m.value.is(json::kind::number)) return fail(std::string(name), "expected a number");
    into_.*field = m.value;
    return true;
  }
  if (m.name == "user" && m.value.is(json::kind::string)) into_.user = m.value;
  if (m.name == "parallel_tool_calls") into_.parallel_tool_calls = m.value.boolean();
  return true;
}

bool request_reading::read_stop(json::value v) {
  if (v.is(json::kind::string)) into_.stop.push_back(v);
  for (const auto element : v.elements()) into_.stop.push_back(element);
  return true;
}

bool request_reading::read_format(json::value v) {
  auto& format = into_.format;
  const auto type = v.find("type").literal();
  if (type == "text") return true;
  if (type == "json_object") {
    format.is = response_format::kind::json_object;
    // Some clients give the schema here (Together, Cohere, llama.cpp).
    if (!v.find("schema").is(json::kind::object)) return true;
    format.is = response_format::kind::json_schema;
    format.schema = v.find("schema");
    return true;
  }
  if (type != "json_schema") return fail("response_format.type", "expected 'text', 'json_object' or 'json_schema'");
  format.is = response_format::kind::json_schema;
  for (const auto& [name, value] : v.find("json_schema").members()) {
    if (name == "name" && value.is(json::kind::string)) format.name = value;
    if (name == "description" && value.is(json::kind::string)) format.description = value;
    if (name == "schema" && value.is(json::kind::object)) format.schema = value;
    if (name == "strict" && value.is(json::kind::boolean)) format.strict = value;
  }
  return true;
}

void request_reading::wish_by(std::string_view param) {
  if (into_.reasoning.param.empty()) into_.reasoning.param = param;
}

bool request_reading::reasoning_option(const json::member& m) {
  auto& wish = into_.reasoning;
  if (m.name == "reasoning_effort") return read_effort(m.value, "reasoning_effort");
  if (m.name == "reasoning") return read_reasoning(m.value);
  if (m.name == "thinking") return read_thinking(m.value);
  if (m.name == "enable_thinking" && m.value.boolean()) {
    wish.enabled = m.value.boolean();
    wish_by("enable_thinking");
  }
  if (m.name == "thinking_budget" && m.value.whole_number()) {
    wish.budget_tokens = m.value.whole_number();
    wish_by("thinking_budget");
  }
  if (m.name == "include_reasoning" && m.value.boolean() == false) wish.exclude = true;
  return true;
}

bool request_reading::read_effort(json::value v, std::string_view param) {
  const auto effort = level_of(v.literal());
  if (!effort) return fail(std::string(param), "expected 'none', 'minimal', 'low', 'medium', 'high' or 'xhigh'");
  if (*effort == level::unset) return true;
  into_.reasoning.effort = *effort;
  wish_by(param.substr(0, param.find('.')));
  return true;
}

bool request_reading::read_reasoning(json::value v) {
  auto& wish = into_.reasoning;
  for (const auto& [name, value] : v.members()) {
    if (!value.given()) continue;
    if (name == "effort" && wish.effort == level::unset && !read_effort(value, "reasoning.effort")) return false;
    if (name == "max_tokens") {
      wish.budget_tokens = value.whole_number();
      if (!wish.budget_tokens || *wish.budget_tokens < 0)
        return fail("reasoning.max_tokens", "expected a number of tokens");
      wish_by("reasoning");
    }
    if (name == "enabled" && value.boolean()) {
      wish.enabled = value.boolean();
      wish_by("reasoning");
    }
    if (name == "exclude") wish.exclude = value.boolean().value_or(false);
  }
  return true;
}

bool request_reading::read_thinking(json::value v) {
  auto& wish = into_.reasoning;
  if (v.boolean()) {
    wish.enabled = v.boolean();
    wish_by("thinking");
    return true;
  }
  const auto type = v.find("type").literal();
  if (type.empty()) return true;
  wish.enabled = type != "disabled";
  wish.adaptive = type == "adaptive";
  wish_by("thinking");
  const auto budget = v.find("budget_tokens");
  if (!budget.given()) return true;
  wish.budget_tokens = budget.whole_number();
  return (wish.budget_tokens && *wish.budget_tokens >= 0) ||
         fail("thinking.budget_tokens", "expected a number of tokens");
}

}  // namespace spidergate::providers::chat
