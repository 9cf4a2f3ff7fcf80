#include "../openai/tool_calls.hpp"
#include "converse_body.hpp"

#include <spidergate/core/base64.hpp>
#include <spidergate/core/json_text.hpp>
#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <map>

namespace spidergate::providers::bedrock {

namespace {

using role = chat::message::role;
using kind = chat::part::kind;

/// Converse refuses text blocks without a visible character.
bool is_blank(std::string_view literal) {
  while (!literal.empty()) {
    const bool escape = literal.starts_with("\\n") || literal.starts_with("\\r") || literal.starts_with("\\t");
    if (!escape && literal.front() != ' ') return false;
    literal.remove_prefix(escape ? 2 : 1);
  }
  return true;
}

bool may_stand_in_id(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
         c == ':' || c == '-';
}

/// A tool use id as Converse takes it: up to 64 of [a-zA-Z0-9_.:-]. Others become one that is the same each time.
std::string fitting_id(std::string_view literal) {
  constexpr std::size_t longest = 64, kept = 40;
  if (literal.size() <= longest && std::all_of(literal.begin(), literal.end(), may_stand_in_id))
    return std::string(literal);
  std::string id(literal.substr(0, kept));
  std::replace_if(id.begin(), id.end(), [](char c) { return !may_stand_in_id(c); }, '_');
  id.push_back('_');
  return id.append(std::to_string(openai::hash_of(literal)));
}

/// One thinking block, put together again from the pieces that a stream gave.
struct thought {
  std::string text, signature, data;
};

std::vector<thought> thoughts_of(json::value details, std::string_view format) {
  std::map<std::int64_t, thought> by_index;
  std::int64_t next = 0;
  for (const auto detail : details.elements()) {
    if (detail.find("format").literal() != format) continue;
    auto& one = by_index[detail.find("index").whole_number().value_or(next)];
    next = by_index.rbegin()->first + 1;
    one.text.append(detail.find("text").literal());
    if (!detail.find("signature").literal().empty()) one.signature = detail.find("signature").literal();
    if (!detail.find("data").literal().empty()) one.data = detail.find("data").literal();
  }
  std::vector<thought> in_order;
  for (auto& [index, one] : by_index) in_order.push_back(std::move(one));
  return in_order;
}

}  // namespace

void converse_body::open_message(std::string_view role) {
  if (open_role_ == role) return;
  close_message();
  out_.element(R"({"role":")").raw(role).raw(R"(","content":[)");
  open_role_ = role;
}

void converse_body::close_message() {
  if (!open_role_.empty()) out_.raw("]}");
  open_role_ = {};
}

void converse_body::text_block(std::string_view literal) {
  if (!is_blank(literal)) out_.element(R"({"text":)").literal(literal).raw("}");
}

void converse_body::cache_point(json::value marker, bool taken) {
  if (!marker.exists()) return;
  if (!taken) {
    chat::drop(wire_, "cache_control");
    return;
  }
  out_.element(marker.find("ttl").literal() == "1h" ? R"({"cachePoint":{"type":"default","ttl":"1h"}})"
                                                    : R"({"cachePoint":{"type":"default"}})");
}

converse_body::outcome converse_body::system() {
  const auto says = [](const chat::message& m) {
    return m.from == role::system && !is_blank(chat::joined_text(m, ""));
  };
  if (!can_.takes_system || std::none_of(asked_.messages.begin(), asked_.messages.end(), says)) return {};
  out_.member("system").raw("[");
  for (const auto& m : asked_.messages) {
    if (m.from != role::system) continue;
    for (std::size_t i = 0; i < m.content.size(); ++i) {
      const auto& p = m.content[i];
      if (p.is != kind::text) return chat::cannot(in_, chat::place_of(m, i), "takes text only in a system prompt");
      text_block(p.text.literal());
      if (!is_blank(p.text.literal())) cache_point(p.cache_control, can_.caches);
    }
    if (!is_blank(chat::joined_text(m, ""))) cache_point(m.cache_control, can_.caches);
  }
  out_.raw("]");
  return {};
}

/// For models that know no system prompt: it begins the conversation.
void converse_body::early_system() {
  if (can_.takes_system) return;
  for (const auto& m : asked_.messages) {
    const auto text = m.from == role::system ? chat::joined_text(m) : std::string();
    if (is_blank(text)) continue;
    open_message("user");
    text_block(text);
  }
}

converse_body::outcome converse_body::messages() {
  out_.member("messages").raw("[");
  early_system();
  for (const auto& m : asked_.messages) {
    if (m.from == role::system) continue;
    if (auto written = message(m); !written) return written;
  }
  close_message();
  out_.raw("]");
  return {};
}

converse_body::outcome converse_body::message(const chat::message& m) {
  if (m.from == role::tool) return tool_result(m);
  if (m.from == role::assistant) {
    reasoning(m);
  }
  for (std::size_t i = 0; i < m.content.size(); ++i) {
    if (auto written = part(m, i); !written) return written;
  }
  if (m.from == role::assistant) calls(m);
  if (!open_role_.empty()) cache_point(m.cache_control, can_.caches);
  return {};
}

converse_body::outcome converse_body::part(const chat::message& m, std::size_t index) {
  const auto& p = m.content[index];
  const std::string_view role_name = m.from == role::assistant ? "assistant" : "user";
  switch (p.is) {
    case kind::text:
    case kind::refusal:
      if (is_blank(p.text.literal())) return {};
      open_message(role_name);
      text_block(p.text.literal());
      break;
    case kind::thinking:
      return {};  // reasoning() has written it
    case kind::other:
      // What other gateways' clients mark for a guardrail.
      if (p.whole.find("type").literal() != "guarded_text" || !p.whole.find("text").is(json::kind::string))
        return chat::cannot(in_, chat::place_of(m, index), "does not take this kind of content");
      open_message(role_name);
      out_.element(R"({"guardContent":{"text":{"text":)").raw(p.whole.find("text").raw());
      if (const auto marks = p.whole.find("qualifiers"); marks.is(json::kind::array))
        out_.raw(R"(,"qualifiers":)").raw(marks.raw());
      out_.raw("}}}");
      break;
    default:
      open_message(role_name);
      if (auto written = media_block(m, index); !written) return written;
  }
  cache_point(p.cache_control, can_.caches);
  return {};
}

/// Thinking goes first, as it was said first. Only what the same kind of model has signed or sealed can be read back.
void converse_body::reasoning(const chat::message& m) {
  for (const auto& one : thoughts_of(m.reasoning_details, can_.reasoning_format)) {
    if (!one.data.empty()) redacted_block(one.data);
    if (one.data.empty() && !one.signature.empty()) reasoning_block(one.text, one.signature);
  }
  if (m.reasoning_details.exists() || can_.of != vendor::anthropic) return;
  for (const auto& p : m.content) {
    if (p.is != kind::thinking) continue;
    const auto data = p.whole.find("data").literal(), signature = p.whole.find("signature").literal();
    if (!data.empty()) redacted_block(data);
    if (data.empty() && !signature.empty()) reasoning_block(p.whole.find("thinking").literal(), signature);
  }
}

void converse_body::reasoning_block(std::string_view text, std::string_view signature) {
  open_message("assistant");
  out_.element(R"({"reasoningContent":{"reasoningText":{"text":)").literal(text);
  out_.raw(R"(,"signature":)").literal(signature).raw("}}}");
}

/// Claude's own API has its sealed thinking as text; here it is base64 of that text.
void converse_body::redacted_block(std::string_view data_literal) {
  std::string data;
  if (can_.of == vendor::anthropic) {
    std::string plain;
    json::append_unescaped(plain, data_literal);
    append_base64(data, plain);
  } else {
    data = data_literal;
  }
  open_message("assistant");
  out_.element(R"({"reasoningContent":{"redactedContent":)").literal(data).raw("}}");
}

std::string converse_body::call_id(const chat::message& m, std::size_t call) const {
  const auto id = m.calls[call].id.literal();
  if (!id.empty()) return fitting_id(id);
  return "call_" + std::to_string(m.index) + "_" + std::to_string(call);
}

void converse_body::calls(const chat::message& m) {
  for (std::size_t i = 0; i < m.calls.size(); ++i) {
    open_message("assistant");
    std::string input;
    chat::append_arguments(input, m.calls[i]);
    out_.element(R"({"toolUse":{"toolUseId":)").literal(call_id(m, i)).raw(R"(,"name":)");
    out_.literal(m.calls[i].name.literal()).raw(R"(,"input":)").raw(input).raw("}}");
  }
}

/// The call that a result is for: by id, or, where there are none (legacy functions), the latest one of that name.
std::string converse_body::result_id(const chat::message& m) const {
  if (!m.tool_call_id.literal().empty()) return fitting_id(m.tool_call_id.literal());
  for (std::size_t i = std::min(m.index, asked_.messages.size()); i-- > 0;) {
    const auto& earlier = asked_.messages[i];
    for (std::size_t c = earlier.calls.size(); c-- > 0;) {
      const bool same = m.name.literal().empty() || earlier.calls[c].name.literal() == m.name.literal();
      if (same) return call_id(earlier, c);
    }
  }
  return "call_unknown";
}

/// Some models want their results as JSON, objects at that.
void converse_body::result_text(std::string_view literal) {
  if (literal.empty()) return;
  if (!can_.json_results) {
    out_.element(R"({"text":)").literal(literal).raw("}");
    return;
  }
  thread_local json::reader reader;
  std::string text;
  json::append_unescaped(text, literal);
  if (reader.read(text) && reader.root().is(json::kind::object)) {
    out_.element(R"({"json":)").raw(reader.root().raw()).raw("}");
  } else {
    out_.element(R"({"json":{"result":)").literal(literal).raw("}}");
  }
}

converse_body::outcome converse_body::tool_result(const chat::message& m) {
  open_message("user");
  out_.element(R"({"toolResult":{"toolUseId":)").literal(result_id(m)).raw(R"(,"content":[)");
  json::value marker = m.cache_control;
  for (std::size_t i = 0; i < m.content.size(); ++i) {
    const auto& p = m.content[i];
    if (p.cache_control.exists()) marker = p.cache_control;
    if (p.is == kind::text || p.is == kind::refusal) {
      result_text(p.text.literal());
    } else if (p.is == kind::image || p.is == kind::file || p.is == kind::video) {
      if (auto written = media_block(m, i); !written) return written;
    } else {
      return chat::cannot(in_, chat::place_of(m, i), "does not take this kind of content in the result of a tool");
    }
  }
  out_.raw("]");
  if (m.tool_failed && can_.tool_status) out_.raw(R"(,"status":"error")");
  out_.raw("}}");
  cache_point(marker, can_.caches);
  return {};
}

}  // namespace spidergate::providers::bedrock
