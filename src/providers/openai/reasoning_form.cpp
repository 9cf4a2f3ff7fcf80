#include "reasoning_form.hpp"

#include "openai_dialect.hpp"
#include "parameters.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace spidergate::providers::openai {

namespace {

constexpr std::array<std::string_view, 5> all_ways{"reasoning", "reasoning_effort", "thinking", "enable_thinking",
                                                   "thinking_budget"};

/// What the client wishes, whichever way it was said.
struct wish {
  std::optional<bool> on;
  std::string effort;  ///< as said: "low"; empty: not said
  std::optional<std::int64_t> budget;

  [[nodiscard]] bool off() const { return on == false || effort == "none"; }
  [[nodiscard]] bool wanted() const { return on == true || budget || !(effort.empty() || effort == "none"); }
};

bool is_native(std::string_view form, std::string_view name) {
  if (form == "effort") return name == "reasoning_effort";
  if (form == "object") return name == "reasoning" || name == "reasoning_effort";
  if (form == "thinking") return name == "thinking";
  if (form == "thinking_effort") return name == "thinking" || name == "reasoning_effort";
  if (form == "enable_thinking") return name == "enable_thinking" || name == "thinking_budget";
  return false;
}

void read_way(std::string_view name, json::value v, wish& into) {
  if (name == "reasoning_effort") into.effort = v.text();
  if (name == "enable_thinking") into.on = v.boolean();
  if (name == "thinking_budget") into.budget = v.whole_number();
  if (name == "thinking") {
    const auto type = v.find("type").literal();
    if (v.boolean()) into.on = v.boolean();
    if (!type.empty()) into.on = type != "disabled";
    if (!into.budget) into.budget = v.find("budget_tokens").whole_number();
  }
  if (name == "reasoning") {
    if (const auto effort = v.find("effort"); effort.is(json::kind::string)) into.effort = effort.text();
    if (const auto enabled = v.find("enabled").boolean()) into.on = enabled;
    if (const auto tokens = v.find("max_tokens").whole_number()) into.budget = tokens;
  }
}

/// A word for a budget: what the customary budgets of low, medium and high lie between.
std::string effort_of(const wish& w) {
  if (!w.effort.empty()) return w.effort;
  if (w.off()) return "none";
  if (!w.budget) return {};
  return *w.budget <= 2048 ? "low" : *w.budget <= 8192 ? "medium" : "high";
}

void append_string_member(std::string& out, std::string_view name, const std::string& word) {
  const bool plain = std::all_of(word.begin(), word.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (!word.empty() && plain) out.append(",\"").append(name).append("\":\"").append(word).append("\"");
}

std::string object_of(const wish& w) {
  if (w.budget) return R"(,"reasoning":{"max_tokens":)" + std::to_string(*w.budget) + "}";
  if (w.on) return std::string(R"(,"reasoning":{"enabled":)") + (*w.on ? "true}" : "false}");
  return {};
}

std::string in_form(std::string_view form, const wish& w, const encode_input& in) {
  std::string out;
  if (form == "effort") append_string_member(out, "reasoning_effort", effort_of(w));
  if (form == "object") out = object_of(w);
  if (!w.off() && !w.wanted()) return out;
  if (form == "thinking" || form == "thinking_effort") {
    out = w.off() ? R"(,"thinking":{"type":"disabled"})" : R"(,"thinking":{"type":"enabled"})";
    const auto effort = effort_of(w);
    if (form == "thinking_effort" && !w.off() && in.asked.find("reasoning_effort") == nullptr)
      append_string_member(out, "reasoning_effort", effort);
  }
  if (form == "enable_thinking") {
    out = w.off() ? R"(,"enable_thinking":false)" : R"(,"enable_thinking":true)";
    if (w.budget && !w.off()) out.append(R"(,"thinking_budget":)").append(std::to_string(*w.budget));
  }
  if (form == "template" && in.asked.find("chat_template_kwargs") == nullptr) {
    out = R"(,"chat_template_kwargs":{"enable_thinking":)";
    out.append(w.off() ? "false}" : "true}");
  }
  return out;
}

}  // namespace

std::string reasoning_in_form(const encode_input& in, member_marks& erased, wire_request& wire) {
  const auto form = in.provider.trait("reasoning");
  if (form.empty()) return {};
  const auto& members = in.asked.members;
  wish said;
  bool native_said = false;
  std::vector<std::size_t> foreign;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const auto& m = members[i];
    if (erased[i] || std::find(all_ways.begin(), all_ways.end(), m.name) == all_ways.end()) continue;
    if (is_native(form, m.name)) {
      native_said = native_said || m.value != "null";
      continue;
    }
    foreign.push_back(i);
    auto& reader = thread_reader();
    if (m.value != "null" && reader.read(m.value)) read_way(m.name, reader.root(), said);
  }
  std::string added = foreign.empty() || native_said ? std::string() : in_form(form, said, in);
  for (const auto i : foreign) {
    erased.set(i);
    if (added.empty() && members[i].value != "null") note_dropped(wire, members[i].name);
  }
  return added;
}

}  // namespace spidergate::providers::openai
