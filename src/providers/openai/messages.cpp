#include "messages.hpp"

#include "openai_dialect.hpp"
#include "parameters.hpp"
#include "tool_calls.hpp"

#include <algorithm>
#include <string>
#include <vector>

namespace spidergate::providers::openai {

namespace {

constexpr std::string_view prefix = "messages[].";

/// What has to be looked at in each message: gathered once a request.
struct message_rules {
  std::string_view developer;           ///< the role to say in place of it; empty: it is known
  bool thinking_parts = false;          ///< reasoning_content becomes a part of content
  bool short_call_ids = false;          ///< ids of calls have nine letters and digits
  std::vector<std::string_view> drops;  ///< names of members
  std::vector<std::pair<std::string_view, std::string_view>> renames;
};

bool occurs(std::string_view text, std::string_view name) {
  for (auto at = text.find(name); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const auto end = at + name.size();
    if (at > 0 && text[at - 1] == '"' && end < text.size() && text[end] == '"') return true;
  }
  return false;
}

std::string_view within_message(std::string_view parameter) {
  return parameter.starts_with(prefix) ? parameter.substr(prefix.size()) : std::string_view();
}

/// Only what the text may hold, so that most requests are not read again.
message_rules rules_for(const encode_input& in, std::string_view text) {
  message_rules rules;
  if (const auto role = in.provider.trait("developer"); !role.empty() && occurs(text, "developer"))
    rules.developer = role;
  rules.thinking_parts = in.provider.trait("history") == "thinking_parts" && in.entry != nullptr &&
                         in.entry->reasoning && occurs(text, "reasoning_content");
  rules.short_call_ids = in.provider.trait("call_ids") == "9" && occurs(text, "tool_call_id");
  for (const auto& name : in.provider.drops) {
    const auto member = within_message(name);
    if (!member.empty() && occurs(text, member)) rules.drops.push_back(member);
  }
  for (const auto& [from, to] : in.provider.renames) {
    if (const auto member = within_message(from); !member.empty() && occurs(text, member))
      rules.renames.emplace_back(member, within_message(to));
  }
  return rules;
}

bool is_reasoning(std::string_view name) {
  return name == "reasoning_content" || name == "reasoning" || name == "reasoning_details";
}

bool is_short_id(std::string_view id) {
  return id.size() == 9 && std::all_of(id.begin(), id.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

/// The same id always becomes the same one, so that calls and their results still belong together.
std::string short_id(std::string_view id) {
  constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  std::string out = "\"";
  std::uint64_t hash = hash_of(id);
  for (int i = 0; i < 9; ++i, hash /= digits.size()) out.push_back(digits[hash % digits.size()]);
  return out + "\"";
}

class message_edit {
 public:
  message_edit(const message_rules& rules, json::splice& edits, wire_request& wire)
      : rules_(rules), edits_(edits), wire_(wire) {}

  void run(json::value message) {
    std::vector<json::member> members;
    for (const auto& m : message.members()) members.push_back(m);
    std::vector<bool> erased(members.size(), false);
    for (std::size_t i = 0; i < members.size(); ++i) erased[i] = change(members[i], message);
    for (std::size_t first = 0; first < members.size(); ++first) {
      if (!erased[first]) continue;
      std::size_t last = first;
      while (last + 1 < members.size() && erased[last + 1]) ++last;
      edits_.erase(
          json::span_with_comma(first, last, members.size(), [&](std::size_t i) { return members[i].whole(); }));
      first = last;
    }
  }

 private:
  /// True when the member is to go.
  bool change(const json::member& m, json::value message) {
    if (m.name == "role") {
      if (!rules_.developer.empty() && m.value.literal() == "developer")
        edits_.replace(m.value.raw(), "\"" + std::string(rules_.developer) + "\"");
      return false;
    }
    if (rules_.short_call_ids) shorten_ids(m);
    if (rules_.thinking_parts && m.name == "reasoning_content" && into_content(m.value, message)) return true;
    for (const auto& [from, to] : rules_.renames) {
      if (m.name != from) continue;
      if (message.find(to).exists()) return true;
      edits_.replace(m.name, std::string(to));
      return false;
    }
    if (std::find(rules_.drops.begin(), rules_.drops.end(), m.name) == rules_.drops.end()) return false;
    // Thoughts of earlier turns are the model's own, and other models have no use for them.
    const bool empty = !m.value.given() || (m.value.is(json::kind::string) && m.value.literal().empty()) ||
                       ((m.value.is(json::kind::array) || m.value.is(json::kind::object)) && m.value.empty());
    if (!empty && !is_reasoning(m.name)) note_dropped(wire_, std::string(prefix).append(m.name));
    return true;
  }

  void shorten_ids(const json::member& m) {
    const auto shorten = [this](json::value id) {
      if (id.is(json::kind::string) && !is_short_id(id.literal())) edits_.replace(id.raw(), short_id(id.literal()));
    };
    if (m.name == "tool_call_id") shorten(m.value);
    if (m.name != "tool_calls") return;
    for (const auto call : m.value.elements()) shorten(call.find("id"));
  }

  /// Mistral's models think in parts of the content.
  bool into_content(json::value thought, json::value message) {
    const auto content = message.find("content");
    if (!thought.is(json::kind::string) || thought.literal().empty() || !content.is(json::kind::string)) return false;
    std::string parts = R"([{"type":"thinking","thinking":[{"type":"text","text":)";
    parts.append(thought.raw()).append("}]}");
    if (!content.literal().empty()) parts.append(R"(,{"type":"text","text":)").append(content.raw()).append("}");
    edits_.replace(content.raw(), parts + "]");
    return true;
  }

  const message_rules& rules_;
  json::splice& edits_;
  wire_request& wire_;
};

}  // namespace

void edit_messages(const encode_input& in, std::string_view messages, json::splice& edits, wire_request& wire) {
  const auto rules = rules_for(in, messages);
  const bool nothing = rules.developer.empty() && !rules.thinking_parts && rules.drops.empty() && rules.renames.empty();
  auto& reader = thread_reader();
  if (nothing || !reader.read(messages)) return;
  for (const auto message : reader.root().elements()) message_edit(rules, edits, wire).run(message);
}

}  // namespace spidergate::providers::openai
