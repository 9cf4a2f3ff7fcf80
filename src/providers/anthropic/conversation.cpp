#include "messages_body.hpp"

#include <algorithm>

namespace spidergate::providers::anthropic {

namespace {

using role = chat::message::role;
using kind = chat::part::kind;

/// Nothing but white space, which the Messages API refuses as a text. `literal` is the inside of a JSON string.
bool blank(std::string_view literal) {
  while (!literal.empty()) {
    const bool plain = literal.front() == ' ';
    const bool escaped =
        literal.size() > 1 && literal[0] == '\\' && (literal[1] == 'n' || literal[1] == 't' || literal[1] == 'r');
    if (!plain && !escaped) return false;
    literal.remove_prefix(plain ? 1 : 2);
  }
  return true;
}

/// Without the white space at the end: an answer begun for the model must not end in some.
std::string_view trimmed_end(std::string_view literal) {
  while (!literal.empty()) {
    const char last = literal.back();
    if (last == ' ') {
      literal.remove_suffix(1);
      continue;
    }
    if (last != 'n' && last != 't' && last != 'r') break;
    // An escape, unless its backslash is itself escaped.
    std::size_t slashes = 0;
    while (slashes + 1 < literal.size() && literal[literal.size() - 2 - slashes] == '\\') ++slashes;
    if (slashes % 2 == 0) break;
    literal.remove_suffix(2);
  }
  return literal;
}

bool is_text(const chat::part& p) {
  return p.is == kind::text || p.is == kind::refusal;
}

/// What an assistant said in place of content, as OpenAI's answers have it; empty where there is content.
std::string_view refused_with(const chat::message& m) {
  if (m.from != role::assistant || !m.content.empty()) return {};
  const auto literal = m.whole.find("refusal").literal();
  return blank(literal) ? std::string_view() : literal;
}

/// Whether anything of it can be sent.
bool says_something(const chat::message& m) {
  if (m.from == role::tool || !m.calls.empty() || !refused_with(m).empty()) return true;
  return std::any_of(m.content.begin(), m.content.end(), [](const chat::part& p) {
    return is_text(p) ? !blank(p.text.literal()) : p.is != kind::thinking;
  });
}

}  // namespace

bool conversation_writer::fail(std::string param, std::string_view what) {
  failure_ = chat::cannot(in_, std::move(param), what);
  return false;
}

/// Whether there is anybody but the system.
bool conversation_writer::spoken() const {
  return std::any_of(asked_.messages.begin(), asked_.messages.end(),
                     [](const chat::message& m) { return m.from != role::system && says_something(m); });
}

boost::system::result<void, refusal> conversation_writer::system(std::string_view instruction) {
  const bool alone = !spoken();
  struct said {
    std::string_view text;
    json::value cache;
  };
  std::vector<said> texts;
  for (const auto& m : asked_.messages) {
    if (m.from != role::system) continue;
    for (std::size_t i = 0; i < m.content.size(); ++i) {
      const auto& p = m.content[i];
      if (!is_text(p)) {
        if (alone) continue;
        return chat::cannot(in_, chat::place_of(m, i), "takes nothing but text in a system message");
      }
      if (blank(p.text.literal())) continue;
      texts.push_back({p.text.literal(), p.cache_control});
    }
    if (!texts.empty() && m.cache_control.exists()) texts.back().cache = m.cache_control;
  }
  if (alone) texts.clear();  // they are the question then
  if (!instruction.empty()) texts.push_back({instruction, {}});
  if (texts.empty()) return {};
  out_.member("system");
  if (texts.size() == 1 && !texts.front().cache.exists()) {
    out_.literal(texts.front().text);
    return {};
  }
  out_.raw("[");
  for (const auto& t : texts) write_text(t.text, t.cache);
  out_.raw("]");
  return {};
}

/// Neighbours of one role are one turn: the Messages API wants turns to alternate. Tool results are the user's.
std::vector<conversation_writer::turn> conversation_writer::turns() const {
  std::vector<turn> all;
  const bool alone = !spoken();
  for (const auto& m : asked_.messages) {
    if (!says_something(m) || (m.from == role::system && !alone)) continue;
    const bool assistant = m.from == role::assistant;
    if (all.empty() || all.back().assistant != assistant) all.push_back({assistant, {}});
    all.back().of.push_back(&m);
  }
  // Results must come before what else the user says in the turn that answers the calls.
  for (auto& t : all) {
    if (t.assistant) continue;
    std::vector<const chat::message*> ordered;
    for (const bool results : {true, false}) {
      for (const auto* m : t.of) {
        if ((m->from == role::tool) == results) ordered.push_back(m);
      }
    }
    t.of = std::move(ordered);
  }
  return all;
}

boost::system::result<void, refusal> conversation_writer::messages() {
  const auto all = turns();
  if (all.empty()) return chat::cannot(in_, "messages", "takes no conversation without any text");
  out_.member("messages").raw("[");
  // The first turn must be the user's, and cannot be empty.
  if (all.front().assistant) out_.raw(R"({"role":"user","content":[{"type":"text","text":"..."}]})");
  for (const auto& m : asked_.messages) {
    if (m.from == role::assistant && m.whole.find("audio").given() && !says_something(m)) {
      return chat::cannot(in_, chat::place_of(m) + ".audio", "keeps no sound of earlier answers");
    }
  }
  for (const auto& t : all) {
    if (!write_turn(t, &t == &all.back())) return std::move(failure_);
  }
  out_.raw("]");
  return {};
}

bool conversation_writer::write_turn(const turn& t, bool last) {
  out_.element(t.assistant ? R"({"role":"assistant","content":[)" : R"({"role":"user","content":[)");
  for (const auto* m : t.of) {
    if (m->from == role::tool) {
      if (!write_tool_result(*m)) return false;
      continue;
    }
    const bool ends_here = m->calls.empty();
    if (t.assistant) write_thinking(*m);
    if (const auto refusal = refused_with(*m); !refusal.empty()) write_text(refusal, {});
    const bool begun_answer = last && t.assistant && m == t.of.back() && ends_here;
    if (!write_parts(*m, ends_here ? m->cache_control : json::value(), begun_answer)) return false;
    write_calls(*m, m->cache_control);
  }
  out_.raw("]}");
  return true;
}

/// `cache` goes to the last block.
bool conversation_writer::write_parts(const chat::message& m, json::value cache, bool trim_last) {
  std::size_t last = m.content.size();
  for (std::size_t i = m.content.size(); i-- > 0 && last == m.content.size();) {
    if (!is_text(m.content[i]) || !blank(m.content[i].text.literal())) last = i;
  }
  for (std::size_t i = 0; i < m.content.size(); ++i) {
    const auto own = m.content[i].cache_control;
    const bool is_last = i == last;
    if (!write_part(m, i, is_last && cache.exists() ? cache : own, is_last && trim_last)) return false;
  }
  return true;
}

bool conversation_writer::write_part(const chat::message& m, std::size_t index, json::value cache, bool trim) {
  const auto& p = m.content[index];
  switch (p.is) {
    case kind::text:
    case kind::refusal:
      if (!blank(p.text.literal())) write_text(trim ? trimmed_end(p.text.literal()) : p.text.literal(), cache);
      return true;
    case kind::image:
    case kind::file:
      return write_media(m, index, cache);
    case kind::audio:
      return fail(chat::place_of(m, index), "takes no audio");
    case kind::video:
      return fail(chat::place_of(m, index), "takes no video");
    case kind::thinking:
      if (m.from == role::assistant) out_.element(p.whole.raw());
      return true;
    case kind::other:
      return write_native(m, index, cache);
  }
  return true;
}

void conversation_writer::write_text(std::string_view literal, json::value cache) {
  out_.element(R"({"type":"text","text":)").literal(literal);
  close_block(cache);
}

void conversation_writer::close_block(json::value cache) {
  if (cache.exists()) out_.member("cache_control").raw(cache.raw());
  out_.raw("}");
}

/// Thinking that the model signed in an earlier turn. Without a signature it would be refused, so it is left out.
void conversation_writer::write_thinking(const chat::message& m) {
  const bool in_parts =
      std::any_of(m.content.begin(), m.content.end(), [](const chat::part& p) { return p.is == kind::thinking; });
  if (in_parts) return;
  std::string text;
  for (const auto one : m.reasoning_details.elements()) {
    const auto format = one.find("format").literal();
    if (!format.empty() && format != "anthropic-claude-v1") continue;
    const auto type = one.find("type").literal();
    if (type == "reasoning.encrypted" && one.find("data").is(json::kind::string)) {
      out_.element(R"({"type":"redacted_thinking","data":)").literal(one.find("data").literal()).raw("}");
    }
    if (type != "reasoning.text") continue;
    // Clients that keep a stream's pieces as they came send a text in several, of which the last is signed.
    text.append(one.find("text").literal());
    const auto signature = one.find("signature").literal();
    if (signature.empty()) continue;
    out_.element(R"({"type":"thinking","thinking":)").literal(text);
    out_.member("signature").literal(signature).raw("}");
    text.clear();
  }
}

void conversation_writer::write_calls(const chat::message& m, json::value cache) {
  for (std::size_t i = 0; i < m.calls.size(); ++i) {
    const auto& call = m.calls[i];
    out_.element(R"({"type":"tool_use","id":)").string(call_id(m, i));
    out_.member("name").literal(call.name.literal()).member("input");
    std::string input;
    chat::append_arguments(input, call);
    out_.raw(input);
    const auto own = call.whole.find("cache_control");
    const bool last = i + 1 == m.calls.size();
    close_block(last && cache.exists() ? cache : own.is(json::kind::object) ? own : json::value());
  }
}

bool conversation_writer::write_tool_result(const chat::message& m) {
  out_.element(R"({"type":"tool_result","tool_use_id":)").string(result_id(m));
  const bool plain = m.content.size() == 1 && is_text(m.content.front()) && !m.content.front().cache_control.exists();
  if (plain) {
    out_.member("content").literal(m.content.front().text.literal());
  } else if (std::any_of(m.content.begin(), m.content.end(),
                         [](const auto& p) { return !is_text(p) || !blank(p.text.literal()); })) {
    out_.member("content").raw("[");
    if (!write_parts(m, {}, false)) return false;
    out_.raw("]");
  }
  if (m.tool_failed) out_.member("is_error").raw("true");
  close_block(m.cache_control);
  return true;
}

namespace {

/// Ids may hold letters, digits, '_' and '-'; other providers' hold more ("functions.get:0").
std::string plain_id(std::string id) {
  std::replace_if(
      id.begin(), id.end(),
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-');
      },
      '_');
  return id;
}

}  // namespace

std::string conversation_writer::call_id(const chat::message& m, std::size_t call_index) const {
  const auto& id = m.calls[call_index].id;
  if (!id.literal().empty()) return plain_id(id.text());
  return "call_" + std::to_string(m.index) + "_" + std::to_string(call_index);
}

/// A result without an id (the legacy function) answers the call before it: the one of its name, where it has one.
std::string conversation_writer::result_id(const chat::message& m) const {
  if (!m.tool_call_id.literal().empty()) return plain_id(m.tool_call_id.text());
  for (std::size_t i = m.index; i-- > 0;) {
    const auto& before = asked_.messages[i];
    for (std::size_t c = before.calls.size(); c-- > 0;) {
      if (m.name.literal().empty() || before.calls[c].name.literal() == m.name.literal()) return call_id(before, c);
    }
  }
  return "call_" + std::to_string(m.index);
}

}  // namespace spidergate::providers::anthropic
