#include "../chat/chat_request.hpp"
#include "cohere_dialect.hpp"

#include <spidergate/core/json_text.hpp>

#include <algorithm>
#include <array>
#include <charconv>

namespace spidergate::providers::cohere {

namespace {

using chat::chat_request;
using chat::message;
using chat::part;
using chat::tool_choice;
using done = boost::system::result<void, refusal>;

// Cohere's own, for clients that know them: sent as they came.
constexpr std::array<std::string_view, 5> own_members{"documents", "citation_options", "safety_mode", "priority",
                                                      "strict_tools"};
constexpr std::array<std::string_view, 26> carried{"max_tokens",
                                                   "max_completion_tokens",
                                                   "temperature",
                                                   "top_p",
                                                   "top_k",
                                                   "seed",
                                                   "frequency_penalty",
                                                   "presence_penalty",
                                                   "logprobs",
                                                   "stop",
                                                   "tools",
                                                   "functions",
                                                   "tool_choice",
                                                   "function_call",
                                                   "response_format",
                                                   "reasoning_effort",
                                                   "reasoning",
                                                   "thinking",
                                                   "enable_thinking",
                                                   "thinking_budget",
                                                   "include_reasoning",
                                                   "documents",
                                                   "citation_options",
                                                   "safety_mode",
                                                   "priority",
                                                   "strict_tools"};

double number_of(json::value v) {
  double number = 0;
  const auto raw = v.raw();
  std::from_chars(raw.data(), raw.data() + raw.size(), number);
  return number;
}

bool requires_something(const chat::tool& t) {
  const auto required = t.parameters.find("required");
  return required.is(json::kind::array) && !required.empty();
}

class chat_body {
 public:
  chat_body(const encode_input& in, const chat_request& asked, wire_request& wire, std::string& out)
      : in_(in), asked_(asked), wire_(wire), out_(out) {}

  done run() {
    if (auto written = messages(); !written) return written;
    if (auto written = tools(); !written) return written;
    if (auto written = format(); !written) return written;
    sampling();
    thinking();
    for (const auto name : own_members) raw(name, asked_.root.find(name));
    out_.append(in_.asked.stream ? ",\"stream\":true" : ",\"stream\":false");
    return chat::drop_others(in_, carried, wire_);
  }

 private:
  void raw(std::string_view name, json::value v) {
    if (v.given()) out_.append(",\"").append(name).append("\":").append(v.raw());
  }
  void literal(std::string_view member, json::value v) {
    out_.append(member).append("\"").append(v.literal()).append("\"");
  }
  void close(char bracket) {
    if (out_.back() == ',') out_.pop_back();
    out_.push_back(bracket);
  }

  done messages() {
    out_.append(",\"messages\":[");
    for (const auto& m : asked_.messages) {
      const done written = m.from == message::role::assistant ? assistant(m)
                           : m.from == message::role::tool    ? tool_result(m)
                                                              : spoken(m);
      if (!written) return written;
      out_.push_back(',');
    }
    close(']');
    return {};
  }

  done spoken(const message& m) {
    const bool user = m.from == message::role::user;
    out_.append(user ? R"({"role":"user","content":)" : R"({"role":"system","content":)");
    if (auto written = content(m, user); !written) return written;
    out_.push_back('}');
    return {};
  }

  done content(const message& m, bool images) {
    const bool plain = m.content.size() == 1 && !m.content.front().whole.exists();
    if (plain || m.content.empty()) {
      out_.append("\"").append(plain ? m.content.front().text.literal() : std::string_view()).append("\"");
      return {};
    }
    out_.push_back('[');
    for (std::size_t i = 0; i < m.content.size(); ++i) {
      if (auto written = content_part(m, i, images); !written) return written;
    }
    close(']');
    return {};
  }

  done content_part(const message& m, std::size_t index, bool images) {
    const auto& p = m.content[index];
    const auto lacks = [&](std::string_view what) { return chat::cannot(in_, chat::place_of(m, index), what); };
    switch (p.is) {
      case part::kind::text:
      case part::kind::refusal:
        literal(R"({"type":"text","text":)", p.text);
        out_.append("},");
        return {};
      case part::kind::image:
        if (!images) return lacks("takes images from the user only");
        if (!p.what.file_id.empty()) return lacks("takes images as data or by URL, not by a file's id");
        image(p.what);
        return {};
      case part::kind::thinking:
        return {};
      case part::kind::audio:
        return lacks("takes no audio");
      case part::kind::video:
        return lacks("takes no video");
      case part::kind::file:
        return lacks("takes no files; send their text, or 'documents'");
      case part::kind::other:
        return lacks("takes texts and images only");
    }
    return {};
  }

  void image(const chat::media& what) {
    out_.append(R"({"type":"image_url","image_url":{"url":)");
    if (what.base64.empty()) {
      append_json_string(out_, what.url);
    } else {
      const auto mime = what.mime.empty() ? std::string_view("image/png") : what.mime;
      out_.append("\"data:").append(mime).append(";base64,").append(what.base64).append("\"");
    }
    if (what.detail.given()) literal(",\"detail\":", what.detail);
    out_.append("}},");
  }

  /// The plan that its models make before they call tools comes to clients as reasoning, and goes back as the plan.
  done assistant(const message& m) {
    out_.append(R"({"role":"assistant")");
    const bool thinks = m.calls.empty() && m.reasoning.exists() && in_.entry != nullptr && in_.entry->reasoning;
    if (thinks) {
      literal(R"(,"content":[{"type":"thinking","thinking":)", m.reasoning);
      out_.append("},");
      for (std::size_t i = 0; i < m.content.size(); ++i) {
        if (auto written = content_part(m, i, false); !written) return written;
      }
      close(']');
    } else if (!m.content.empty() || m.calls.empty()) {
      out_.append(",\"content\":");
      if (auto written = content(m, false); !written) return written;
    }
    if (!m.calls.empty()) {
      if (m.reasoning.exists()) literal(",\"tool_plan\":", m.reasoning);
      out_.append(",\"tool_calls\":[");
      for (std::size_t i = 0; i < m.calls.size(); ++i) call(m, i);
      close(']');
    }
    out_.push_back('}');
    return {};
  }

  /// A legacy function call has no id, but its result must name one.
  static std::string made_up_id(const message& m) { return "function_call_" + std::to_string(m.index); }

  void call(const message& m, std::size_t index) {
    const auto& c = m.calls[index];
    out_.append("{\"id\":\"").append(c.id.exists() ? std::string(c.id.literal()) : made_up_id(m));
    literal(R"(","type":"function","function":{"name":)", c.name);
    out_.append(",\"arguments\":");
    if (c.arguments.is(json::kind::object)) {
      append_json_string(out_, c.arguments.raw());
    } else {
      const auto text = c.arguments.literal();
      out_.append("\"").append(text.empty() ? "{}" : text).append("\"");
    }
    out_.append("}},");
  }

  done tool_result(const message& m) {
    out_.append(R"({"role":"tool","tool_call_id":")").append(id_of_result(m));
    out_.append("\",\"content\":");
    if (auto written = content(m, false); !written) return written;
    out_.push_back('}');
    return {};
  }

  std::string id_of_result(const message& m) const {
    if (m.tool_call_id.exists()) return std::string(m.tool_call_id.literal());
    for (std::size_t i = m.index; i-- > 0;) {
      const auto& earlier = asked_.messages[i];
      for (const auto& c : earlier.calls) {
        const bool named = c.name.literal() == m.name.literal();
        if (named) return c.id.exists() ? std::string(c.id.literal()) : made_up_id(earlier);
      }
    }
    return made_up_id(m);
  }

  [[nodiscard]] bool offered(const chat::tool& t) const {
    const auto& choice = asked_.tool_choice;
    if (choice.is == tool_choice::kind::named) return t.name.literal() == choice.name.literal();
    if (choice.is != tool_choice::kind::allowed) return true;
    return std::any_of(choice.allowed.begin(), choice.allowed.end(),
                       [&t](json::value name) { return name.literal() == t.name.literal(); });
  }

  /// Cohere's choice is "REQUIRED" or "NONE": a certain tool is required by offering no other.
  done tools() {
    if (asked_.tools.empty()) return {};
    const auto& choice = asked_.tool_choice;
    bool strict = true, any_strict = false;
    const std::size_t start = out_.size();
    out_.append(",\"tools\":[");
    const std::size_t empty = out_.size();
    for (const auto& t : asked_.tools) {
      if (!offered(t)) continue;
      const bool wants = t.strict.boolean() == true;
      any_strict = any_strict || wants;
      strict = strict && wants && requires_something(t);
      tool(t);
    }
    if (out_.size() == empty) {
      out_.resize(start);
      return chat::cannot(in_, "tool_choice", "is told to call a tool that is not among the tools");
    }
    close(']');
    if (strict && !asked_.root.find("strict_tools").given()) out_.append(",\"strict_tools\":true");
    if (any_strict && !strict) chat::drop(wire_, "tools.function.strict");
    const bool required = choice.is == tool_choice::kind::required || choice.is == tool_choice::kind::named ||
                          (choice.is == tool_choice::kind::allowed && choice.allowed_required);
    if (required) out_.append(R"(,"tool_choice":"REQUIRED")");
    if (choice.is == tool_choice::kind::none) out_.append(R"(,"tool_choice":"NONE")");
    return {};
  }

  void tool(const chat::tool& t) {
    literal(R"({"type":"function","function":{"name":)", t.name);
    if (t.description.exists()) literal(",\"description\":", t.description);
    out_.append(",\"parameters\":");
    out_.append(t.parameters.exists() ? t.parameters.raw() : R"({"type":"object","properties":{}})");
    out_.append("}},");
  }

  done format() {
    using kind = chat::response_format::kind;
    const auto& format = asked_.format;
    if (format.is == kind::text) return {};
    if (!asked_.tools.empty())
      return chat::cannot(in_, "response_format", "cannot be held to a response format while it has tools");
    out_.append(R"(,"response_format":{"type":"json_object")");
    if (format.is == kind::json_schema) raw("schema", format.schema);
    out_.push_back('}');
    return {};
  }

  /// Refused outside of its bounds, which are narrower than OpenAI's.
  void within(std::string_view name, std::string_view as, json::value v, double least, double most) {
    if (!v.exists()) return;
    if (number_of(v) >= least && number_of(v) <= most) {
      raw(as, v);
    } else {
      chat::drop(wire_, name);
    }
  }

  void sampling() {
    const auto most = asked_.max_tokens ? asked_.max_tokens : in_.clamped_max_tokens;
    if (most) out_.append(",\"max_tokens\":").append(std::to_string(*most));
    if (in_.entry != nullptr && in_.entry->no_temperature) {
      if (asked_.temperature.exists()) chat::drop(wire_, "temperature");
    } else {
      raw("temperature", asked_.temperature);
    }
    if (asked_.top_p.exists() && number_of(asked_.top_p) > 0.99) {
      out_.append(",\"p\":0.99");
    } else {
      within("top_p", "p", asked_.top_p, 0.01, 0.99);
    }
    within("top_k", "k", asked_.top_k, 0, 500);
    within("frequency_penalty", "frequency_penalty", asked_.frequency_penalty, 0, 1);
    within("presence_penalty", "presence_penalty", asked_.presence_penalty, 0, 1);
    within("seed", "seed", asked_.seed, 0, 18446744073709551615.0);
    if (asked_.logprobs.boolean() == true) out_.append(",\"logprobs\":true");
    stop();
  }

  void stop() {
    if (asked_.stop.empty()) return;
    out_.append(",\"stop_sequences\":[");
    for (const auto text : asked_.stop) out_.append(text.raw()).push_back(',');
    close(']');
  }

  void thinking() {
    const auto& wish = asked_.reasoning;
    if (!wish.asked()) return;
    if (in_.entry != nullptr && !in_.entry->reasoning) {
      if (!wish.off()) chat::drop(wire_, wish.param);
      return;
    }
    if (wish.off()) {
      out_.append(R"(,"thinking":{"type":"disabled"})");
      return;
    }
    out_.append(R"(,"thinking":{"type":"enabled")");
    using level = chat::reasoning_wish::level;
    auto budget = wish.budget_tokens;
    // Without a budget it thinks as long as it wants, which is what the higher efforts ask for.
    const bool less = wish.effort == level::minimal || wish.effort == level::low || wish.effort == level::medium;
    if (!budget && less) budget = chat::budget_for(wish.effort, longest_answer());
    if (budget) out_.append(",\"token_budget\":").append(std::to_string(*budget));
    out_.push_back('}');
  }

  [[nodiscard]] std::int64_t longest_answer() const {
    constexpr std::int64_t customary = 32'000;
    if (asked_.max_tokens) return *asked_.max_tokens;
    return in_.entry != nullptr && in_.entry->max_output > 0 ? in_.entry->max_output : customary;
  }

  const encode_input& in_;
  const chat_request& asked_;
  wire_request& wire_;
  std::string& out_;
};

}  // namespace

boost::system::result<void, refusal> write_chat(const encode_input& in, wire_request& wire, std::string& out) {
  chat_request asked;
  if (auto read = chat::read_chat_request(in.asked, asked); !read) return read.error();
  return chat_body(in, asked, wire, out).run();
}

}  // namespace spidergate::providers::cohere
