#include "converse_body.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace spidergate::providers::bedrock {

namespace {

using level = chat::reasoning_wish::level;

constexpr std::int64_t least_budget = 1024, usual_output = 16'384;

// Converse's own members, which clients of other gateways send beside OpenAI's.
constexpr std::array<std::string_view, 4> passed_on{"guardrailConfig", "performanceConfig", "promptVariables",
                                                    "additionalModelResponseFieldPaths"};
constexpr std::array<std::string_view, 28> carried{"tools",
                                                   "functions",
                                                   "tool_choice",
                                                   "function_call",
                                                   "response_format",
                                                   "stop",
                                                   "max_tokens",
                                                   "max_completion_tokens",
                                                   "temperature",
                                                   "top_p",
                                                   "top_k",
                                                   "reasoning_effort",
                                                   "reasoning",
                                                   "thinking",
                                                   "enable_thinking",
                                                   "thinking_budget",
                                                   "service_tier",
                                                   "metadata",
                                                   "include_reasoning",
                                                   "web_search_options",
                                                   "guardrailConfig",
                                                   "performanceConfig",
                                                   "promptVariables",
                                                   "additionalModelResponseFieldPaths",
                                                   "requestMetadata",
                                                   "serviceTier",
                                                   "cache_control",
                                                   "additionalModelRequestFields"};

double number_of(json::value v) {
  const auto digits = v.raw();
  double value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::string_view word_of(level effort, bool knows_xhigh) {
  switch (effort) {
    case level::minimal:
    case level::low:
      return "low";
    case level::unset:
    case level::medium:
      return "medium";
    case level::xhigh:
      return knows_xhigh ? "xhigh" : "high";
    case level::high:
      return "high";
    case level::none:
      break;
  }
  return "none";
}

/// What requestMetadata may hold.
bool fits_metadata(json::value v) {
  constexpr std::size_t longest = 256;
  static constexpr std::string_view marks = " :_@$#=/+,-.";
  const auto text = v.literal();
  return v.is(json::kind::string) && text.size() <= longest && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  marks.find(c) != std::string_view::npos;
         });
}

}  // namespace

converse_body::converse_body(const encode_input& in, const chat::chat_request& asked, wire_request& wire)
    : in_(in),
      asked_(asked),
      wire_(wire),
      can_(describe_model(in.model, in.entry)),
      out_(in.asked.body),
      max_tokens_(asked.max_tokens ? asked.max_tokens : in.clamped_max_tokens) {
  memo_.hides_reasoning = asked.reasoning.exclude;
}

converse_body::outcome converse_body::write() {
  if (auto kept = chat::drop_others(in_, carried, wire_); !kept) return kept;
  out_.raw("{");
  if (auto written = messages(); !written) return written;
  if (auto written = system(); !written) return written;
  if (auto written = tools(); !written) return written;
  output_config();
  thinking();
  inference();
  extras();
  pass_on();
  request_metadata();
  service_tier();
  out_.raw("}");
  out_.move_to(wire_);
  wire_.memo = memo_.text();
  return {};
}

bool converse_body::in_unit_range(json::value number) const {
  const double value = number_of(number);
  return value >= 0 && value <= 1;
}

void converse_body::inference() {
  const auto& claude = can_.claude;
  const bool sampling = !unbounded_ && !claude.no_sampling && !(in_.entry != nullptr && in_.entry->no_temperature);
  // With a thinking budget Claude wants the temperature left alone, and most of the probability.
  const bool temperature = asked_.temperature.given() && sampling && in_unit_range(asked_.temperature) &&
                           (!thinks_ || number_of(asked_.temperature) == 1);
  const bool top_p = asked_.top_p.given() && sampling && in_unit_range(asked_.top_p) &&
                     (!thinks_ || number_of(asked_.top_p) >= 0.95) && !(claude.one_sampling_only && temperature);
  if (max_tokens_ || temperature || top_p || !asked_.stop.empty()) {
    out_.member("inferenceConfig").raw("{");
    if (max_tokens_) out_.member("maxTokens").number(*max_tokens_);
    if (temperature) out_.member("temperature").raw(asked_.temperature.raw());
    if (top_p) out_.member("topP").raw(asked_.top_p.raw());
    if (!asked_.stop.empty()) stop_sequences();
    out_.raw("}");
  }
  sampling_left_out(temperature, top_p, sampling && !thinks_);
}

void converse_body::stop_sequences() {
  out_.member("stopSequences").raw("[");
  for (const auto stop : asked_.stop) {
    if (!stop.literal().empty()) out_.element(stop.raw());
  }
  out_.raw("]");
}

void converse_body::sampling_left_out(bool temperature, bool top_p, bool top_k) {
  if (asked_.temperature.given() && !temperature) chat::drop(wire_, "temperature");
  if (asked_.top_p.given() && !top_p) chat::drop(wire_, "top_p");
  if (asked_.top_k.given() && (can_.top_k.empty() || !top_k)) {
    chat::drop(wire_, "top_k");
  } else if (asked_.top_k.given()) {
    const std::string value(asked_.top_k.raw());
    const bool nova = can_.of == vendor::nova;
    set_extra(nova ? "inferenceConfig" : can_.top_k, nova ? R"({"topK":)" + value + "}" : value);
  }
}

void converse_body::set_extra(std::string_view name, std::string value) {
  // The client's own word on a field wins.
  if (!asked_.root.find("additionalModelRequestFields").find(name).exists())
    extra_fields_.emplace_back(name, std::move(value));
}

void converse_body::thinking() {
  const auto& wish = asked_.reasoning;
  // Claude's fifth generation thinks unasked, which leaves no room for a forced call.
  if (forced_ != force::none && can_.claude.thinks_unasked && !can_.claude.always_thinks)
    set_extra("thinking", R"({"type":"disabled"})");
  if (!wish.asked() || (wish.off() && can_.thinks != thinking_style::effort_object)) {
    // Not thinking is what all but a few do unasked; those few cannot be told.
    const bool stubborn =
        can_.thinks == thinking_style::effort || (can_.thinks == thinking_style::claude && can_.claude.always_thinks);
    if (wish.asked() && stubborn) chat::drop(wire_, wish.param);
    if (wish.asked() && forced_ == force::none && can_.claude.thinks_unasked && !can_.claude.always_thinks)
      set_extra("thinking", R"({"type":"disabled"})");
    return;
  }
  const auto effort = wish.effort;
  const std::string word = "\"" + std::string(word_of(effort, false)) + "\"";
  switch (can_.thinks) {
    case thinking_style::none:
      chat::drop(wire_, wish.param);
      return;
    case thinking_style::claude:
      claude_thinking();
      return;
    case thinking_style::nova: {
      // The highest effort takes no limit of length, and a limit is somebody's money.
      const bool high = effort == level::high || effort == level::xhigh;
      unbounded_ = high && !max_tokens_;
      if (high && !unbounded_) chat::drop(wire_, wish.param);
      set_extra("reasoningConfig", R"({"type":"enabled","maxReasoningEffort":)" +
                                       (high && !unbounded_ ? std::string(R"("medium")") : word) + "}");
      return;
    }
    case thinking_style::effort:
      set_extra("reasoning_effort", word);
      return;
    case thinking_style::effort_object:
      set_extra("reasoning", R"({"effort":")" + std::string(wish.off() ? "none" : word_of(effort, true)) + "\"}");
      return;
    case thinking_style::config_word:
      set_extra("reasoning_config", word);
      return;
  }
}

/// Thinking with a budget wants the last turn that called tools to begin with its own signed thinking.
bool converse_body::unsigned_tool_turn() const {
  for (auto m = asked_.messages.rbegin(); m != asked_.messages.rend(); ++m) {
    if (m->from == chat::message::role::user) return false;
    if (m->from != chat::message::role::assistant || m->calls.empty()) continue;
    for (const auto detail : m->reasoning_details.elements()) {
      if (detail.find("format").literal() == can_.reasoning_format) return false;
    }
    return std::none_of(m->content.begin(), m->content.end(),
                        [](const chat::part& p) { return p.is == chat::part::kind::thinking; });
  }
  return false;
}

void converse_body::claude_thinking() {
  const auto& wish = asked_.reasoning;
  // A forced call leaves no room to think: the call was asked for, thinking only wished for.
  if (forced_ != force::none) {
    chat::drop(wire_, wish.param);
    return;
  }
  const bool by_budget = can_.claude.budgets && (wish.budget_tokens || !can_.claude.adaptive);
  if (by_budget && !wish.adaptive) {
    claude_budget();
    return;
  }
  if (!can_.claude.adaptive) {
    claude_budget();
    return;
  }
  if (wish.budget_tokens) chat::drop(wire_, wish.param);
  thinks_ = true;
  set_extra("thinking", R"({"type":"adaptive"})");
  if (wish.effort == level::unset) return;
  set_extra("output_config", R"({"effort":")" + std::string(word_of(wish.effort, can_.claude.effort_xhigh)) + "\"}");
}

void converse_body::claude_budget() {
  const auto& wish = asked_.reasoning;
  const std::int64_t known = in_.entry != nullptr && in_.entry->max_output > 0 ? in_.entry->max_output : usual_output;
  std::int64_t budget = wish.budget_tokens.value_or(chat::budget_for(wish.effort, max_tokens_.value_or(known)));
  if (max_tokens_) budget = std::min(budget, *max_tokens_ - 1);
  if (budget < least_budget || unsigned_tool_turn()) {
    chat::drop(wire_, wish.param);
    return;
  }
  thinks_ = true;
  set_extra("thinking", R"({"type":"enabled","budget_tokens":)" + std::to_string(budget) + "}");
}

void converse_body::extras() {
  const auto given = asked_.root.find("additionalModelRequestFields");
  if (extra_fields_.empty() && (!given.is(json::kind::object) || given.empty())) return;
  out_.member("additionalModelRequestFields").raw("{");
  for (const auto& m : given.members()) out_.member(m.name).raw(m.value.raw());
  for (const auto& [name, value] : extra_fields_) out_.member(name).raw(value);
  out_.raw("}");
}

void converse_body::pass_on() {
  for (const auto name : passed_on) {
    if (const auto value = asked_.root.find(name); value.given()) out_.member(name).raw(value.raw());
  }
}

/// OpenAI's metadata is for finding requests again, and so is this.
void converse_body::request_metadata() {
  constexpr int most = 16;
  auto value = asked_.root.find("requestMetadata");
  if (!value.is(json::kind::object)) value = asked_.metadata;
  if (!value.is(json::kind::object) || value.empty()) return;
  int count = 0;
  bool fits = true;
  for (const auto& m : value.members()) {
    const bool plain_name = m.name.find('\\') == std::string_view::npos && !m.name.empty();
    fits = fits && plain_name && fits_metadata(m.value) && ++count <= most;
  }
  if (fits) {
    out_.member("requestMetadata").raw(value.raw());
  } else {
    chat::drop(wire_, "metadata");
  }
}

void converse_body::service_tier() {
  if (const auto own = asked_.root.find("serviceTier"); own.is(json::kind::object)) {
    out_.member("serviceTier").raw(own.raw());
    return;
  }
  const auto tier = asked_.service_tier.literal();
  if (tier.empty() || tier == "auto") return;
  if (tier == "default" || tier == "flex" || tier == "priority" || tier == "reserved") {
    out_.member("serviceTier").raw(R"({"type":)").literal(tier).raw("}");
  } else {
    chat::drop(wire_, "service_tier");
  }
}

}  // namespace spidergate::providers::bedrock
