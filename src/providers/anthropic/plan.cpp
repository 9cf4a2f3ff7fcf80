#include "messages_body.hpp"

#include <algorithm>
#include <array>

namespace spidergate::providers::anthropic {

namespace {

using level = chat::reasoning_wish::level;
using chat::drop;

constexpr std::int64_t least_budget = 1024;

/// What is worth an effort where a client gives a budget and the model takes none.
std::string_view effort_for_budget(std::int64_t tokens) {
  if (tokens <= 4096) return "low";
  if (tokens <= 12288) return "medium";
  return tokens <= 49152 ? "high" : "xhigh";
}

std::string_view effort_name(level effort) {
  switch (effort) {
    case level::minimal:
    case level::low:
      return "low";
    case level::medium:
      return "medium";
    case level::high:
      return "high";
    case level::xhigh:
      return "xhigh";
    case level::unset:
    case level::none:
      break;
  }
  return {};
}

/// The nearest that the model knows.
std::string_view known_effort(std::string_view effort, const claude_model& can) {
  if (effort == "xhigh" && !can.effort_xhigh) return can.effort_max ? "max" : "high";
  if (effort == "max" && !can.effort_max) return "high";
  return effort;
}

class planning {
 public:
  planning(const encode_input& in, const chat::chat_request& asked, const hosting& at, wire_request& wire)
      : in_(in), asked_(asked), at_(at), wire_(wire) {
    plan_.can = describe(in.model, in.entry);
  }

  boost::system::result<plan, refusal> run() {
    plan_.hide_reasoning = asked_.reasoning.exclude;
    choose_length();
    offer_tools();
    const bool forced = plan_.choose == plan::choice::any || plan_.choose == plan::choice::named;
    if (forced && plan_.can.no_forced_tools) {
      return chat::cannot(in_, "tool_choice",
                          "cannot be made to call a tool with this model; tool_choice 'auto' works");
    }
    decide_thinking(forced);
    decide_verbosity();
    decide_format();
    fit_budget();
    plan_.one_call = plan_.one_call || (asked_.parallel_tool_calls == false && plan_.has_tools);
    return std::move(plan_);
  }

 private:
  void choose_length() {
    if (asked_.max_tokens) {
      plan_.max_tokens = *asked_.max_tokens;
    } else if (in_.clamped_max_tokens) {
      plan_.max_tokens = *in_.clamped_max_tokens;
    } else {
      plan_.max_tokens = longest_answer();
    }
  }

  /// The Messages API wants a number, and a client that gives none wants no limit. Where prompt and answer together
  /// pass the context, models before 4.5 refuse, so the answer gets what is left.
  [[nodiscard]] std::int64_t longest_answer() const {
    if (in_.entry == nullptr || in_.entry->max_output <= 0) return plan_.can.default_max_tokens;
    const auto most = in_.entry->max_output;
    if (in_.entry->context <= 0) return most;
    const auto left = in_.entry->context - in_.asked.estimated_prompt_tokens;
    return std::min(most, std::max(left, plan_.can.default_max_tokens));
  }

  void offer_tools() {
    using kind = chat::tool_choice::kind;
    const auto& choice = asked_.tool_choice;
    for (const auto& t : asked_.tools) {
      const bool offered = choice.is != kind::allowed ||
                           std::any_of(choice.allowed.begin(), choice.allowed.end(),
                                       [&t](json::value name) { return name.literal() == t.name.literal(); });
      if (offered) plan_.tools.push_back(&t);
    }
    const bool called = std::any_of(asked_.messages.begin(), asked_.messages.end(), [](const chat::message& m) {
      return !m.calls.empty() || m.from == chat::message::role::tool;
    });
    plan_.has_tools = !plan_.tools.empty() || !asked_.other_tools.empty() || asked_.web_search_options.given();
    if (!plan_.has_tools) {
      plan_.tools_from_history = called;
      return;
    }
    switch (choice.is) {
      case kind::unset:
        break;
      case kind::automatic:
        plan_.choose = plan::choice::automatic;
        break;
      case kind::none:
        plan_.choose = plan::choice::none;
        break;
      case kind::required:
        plan_.choose = plan::choice::any;
        break;
      case kind::named:
        plan_.choose = plan::choice::named;
        plan_.chosen = choice.name.literal();
        break;
      case kind::allowed:
        plan_.choose = choice.allowed_required ? plan::choice::any : plan::choice::automatic;
        break;
    }
  }

  void decide_thinking(bool forced) {
    const auto& wish = asked_.reasoning;
    const auto& can = plan_.can;
    const auto off = can.always_thinks ? plan::thinking::unsaid : plan::thinking::disabled;
    if (!wish.asked()) {
      // A call can be forced only while the model does not think.
      if (forced && can.thinks_unasked) plan_.how = off;
      return;
    }
    if (wish.off() || wish.budget_tokens == 0) {
      if (can.always_thinks) drop(wire_, wish.param);
      if (can.thinks) plan_.how = off;
      return;
    }
    const bool impossible = !can.thinks || (forced && !can.always_thinks) ||
                            (!can.adaptive && (open_turn_lacks_thinking(asked_) || plan_.max_tokens <= least_budget));
    if (impossible) {
      drop(wire_, wish.param);
      if (can.thinks_unasked) plan_.how = off;
      return;
    }
    if (can.budgets && (wish.budget_tokens || !can.adaptive) && plan_.max_tokens > least_budget) {
      plan_.how = plan::thinking::budget;
      plan_.budget_tokens =
          std::max(least_budget, wish.budget_tokens.value_or(chat::budget_for(wish.effort, plan_.max_tokens)));
      return;
    }
    // Who always thinks needs no word for it, which would not go with a forced call.
    plan_.how = forced ? plan::thinking::unsaid : plan::thinking::adaptive;
    const auto effort = wish.effort == level::unset && wish.budget_tokens ? effort_for_budget(*wish.budget_tokens)
                                                                          : effort_name(wish.effort);
    plan_.effort = known_effort(effort, can);
  }

  /// Effort is about all of an answer, so it is what verbosity can be said with.
  void decide_verbosity() {
    const auto wanted = asked_.verbosity.literal();
    if (wanted.empty()) return;
    constexpr std::array<std::string_view, 5> efforts{"low", "medium", "high", "xhigh", "max"};
    const bool known = std::find(efforts.begin(), efforts.end(), wanted) != efforts.end();
    if (plan_.can.adaptive && plan_.effort.empty() && known) {
      plan_.effort = known_effort(wanted, plan_.can);
    } else {
      drop(wire_, "verbosity");
    }
  }

  void decide_format() {
    using kind = chat::response_format::kind;
    const auto& format = asked_.format;
    if (format.is == kind::text) return;
    if (format.is == kind::json_object || !format.schema.is(json::kind::object)) {
      plan_.answer = plan::format::words;
      plan_.instruction =
          "Answer with one JSON object and nothing else: no words before or after it, no Markdown around it.";
      return;
    }
    plan_.schema = format.schema;
    if (at_.structured_outputs && plan_.can.structured_outputs && fits_structured_outputs(format.schema)) {
      plan_.answer = plan::format::native;
      return;
    }
    // A named call leaves nothing to say in the client's form.
    if (plan_.choose != plan::choice::named) answer_through_tool(format);
  }

  void answer_through_tool(const chat::response_format& format) {
    plan_.answer = plan::format::tool;
    plan_.answer_tool = tool_name(format.name.literal());
    const bool alone = !plan_.has_tools || plan_.choose == plan::choice::none;
    const bool may_force = !plan_.thinks() && !plan_.can.always_thinks;
    if (may_force) {
      if (plan_.can.thinks_unasked) plan_.how = plan::thinking::disabled;
      plan_.choose = alone ? plan::choice::named : plan::choice::any;
      plan_.chosen = plan_.answer_tool;
    } else {
      plan_.choose = plan::choice::automatic;
      plan_.instruction.append("Give your final answer by calling the tool ")
          .append(plan_.answer_tool)
          .append(", once, and say nothing beside that call.");
    }
    plan_.one_call = alone;
    plan_.tools_from_history = false;
  }

  [[nodiscard]] std::string_view tool_name(std::string_view wanted) const {
    constexpr std::array<std::string_view, 3> ours{"json_answer", "json_answer_of_the_assistant", "json_answer_1"};
    const auto taken = [this](std::string_view name) {
      return std::any_of(asked_.tools.begin(), asked_.tools.end(),
                         [name](const chat::tool& t) { return t.name.literal() == name; });
    };
    const bool plain = !wanted.empty() && wanted.size() <= 64 && std::all_of(wanted.begin(), wanted.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
    if (plain && !taken(wanted)) return wanted;
    const auto* free = std::find_if_not(ours.begin(), ours.end(), taken);
    return free == ours.end() ? ours.back() : *free;
  }

  /// The budget is part of max_tokens and must be less.
  void fit_budget() {
    if (plan_.how != plan::thinking::budget || plan_.budget_tokens < plan_.max_tokens) return;
    const bool ours = !asked_.max_tokens && !in_.clamped_max_tokens;
    const bool open = in_.entry == nullptr || in_.entry->max_output <= 0;
    if (ours && open) {
      plan_.max_tokens = plan_.budget_tokens + plan_.can.default_max_tokens;
    } else {
      plan_.budget_tokens = std::max(least_budget, plan_.max_tokens / 10 * 8);
    }
  }

  const encode_input& in_;
  const chat::chat_request& asked_;
  const hosting& at_;
  wire_request& wire_;
  plan plan_;
};

}  // namespace

boost::system::result<plan, refusal> make_plan(const encode_input& in, const chat::chat_request& asked,
                                               const hosting& at, wire_request& wire) {
  return planning(in, asked, at, wire).run();
}

bool open_turn_lacks_thinking(const chat::chat_request& asked) {
  using role = chat::message::role;
  for (std::size_t i = asked.messages.size(); i-- > 0;) {
    const auto& m = asked.messages[i];
    if (m.from == role::tool || m.from == role::system) continue;
    if (m.from != role::assistant || m.calls.empty()) return false;
    const bool in_parts = std::any_of(m.content.begin(), m.content.end(),
                                      [](const auto& p) { return p.is == chat::part::kind::thinking; });
    return !in_parts && !m.reasoning_details.given();
  }
  return false;
}

std::string write_memo(const encoding_memo& memo) {
  std::string text;
  if (memo.hide_reasoning) text.append("hide;");
  if (memo.only_json) text.append("json;");
  if (!memo.answer_tool.empty()) text.append("tool=").append(memo.answer_tool).append(";");
  return text;
}

encoding_memo read_memo(std::string_view text) {
  encoding_memo memo;
  while (!text.empty()) {
    const auto end = std::min(text.find(';'), text.size());
    const auto word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (word == "hide") memo.hide_reasoning = true;
    if (word == "json") memo.only_json = true;
    if (word.starts_with("tool=")) memo.answer_tool = word.substr(5);
  }
  return memo;
}

}  // namespace spidergate::providers::anthropic
