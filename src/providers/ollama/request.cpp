#include "../chat/chat_request.hpp"
#include "../wire_headers.hpp"
#include "ollama_dialect.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/reader.hpp>

#include <array>
#include <utility>

namespace spidergate::providers::ollama {

namespace {

using chat::chat_request;
using encoded = boost::system::result<wire_request, refusal>;

constexpr std::array<std::string_view, 26> carried{"tools",
                                                   "functions",
                                                   "tool_choice",
                                                   "function_call",
                                                   "parallel_tool_calls",
                                                   "response_format",
                                                   "stop",
                                                   "max_tokens",
                                                   "temperature",
                                                   "top_p",
                                                   "top_k",
                                                   "min_p",
                                                   "seed",
                                                   "frequency_penalty",
                                                   "presence_penalty",
                                                   "logprobs",
                                                   "top_logprobs",
                                                   "reasoning_effort",
                                                   "reasoning",
                                                   "thinking",
                                                   "enable_thinking",
                                                   "keep_alive",
                                                   "options",
                                                   "think",
                                                   "max_completion_tokens",
                                                   "repeat_penalty"};

/// The base URL may be the one of the OpenAI-like API, which stands beside the native one.
std::string target_of(const encode_input& in, std::string_view path) {
  auto base = in.base_path;
  if (base.ends_with("/v1")) base.remove_suffix(3);
  std::string target(base);
  target.append(path);
  append_query_credential(target, in.provider, in.secret);
  return target;
}

void put_if(json_writer& out, std::string_view name, json::value value) {
  if (value.given()) out.key(name).raw(value.raw());
}

class body_writer {
 public:
  body_writer(const encode_input& in, const chat_request& asked, std::string& out)
      : in_(in), asked_(asked), out_(out) {}

  [[nodiscard]] boost::system::result<void, refusal> write() {
    out_.begin_object().key("model").string(in_.model).key("messages").begin_array();
    for (const auto& m : asked_.messages) {
      if (auto written = message(m); !written) return written;
    }
    out_.end_array();
    if (auto written = tools(); !written) return written;
    format();
    thinking();
    put_if(out_, "logprobs", asked_.logprobs);
    put_if(out_, "top_logprobs", asked_.top_logprobs);
    put_if(out_, "keep_alive", asked_.root.find("keep_alive"));
    options();
    out_.key("stream").boolean(in_.asked.stream).end_object();
    return {};
  }

 private:
  static std::string_view role_name(chat::message::role from) {
    switch (from) {
      case chat::message::role::system:
        return "system";
      case chat::message::role::user:
        return "user";
      case chat::message::role::assistant:
        return "assistant";
      case chat::message::role::tool:
        return "tool";
    }
    return "user";
  }

  boost::system::result<void, refusal> message(const chat::message& m) {
    out_.begin_object().key("role").string(role_name(m.from));
    out_.key("content").raw("\"" + chat::joined_text(m) + "\"");
    if (auto written = images(m); !written) return written;
    if (m.from == chat::message::role::assistant) {
      put_if(out_, "thinking", m.reasoning);
      calls(m);
    }
    if (m.from == chat::message::role::tool) {
      // Results are told apart by the function's name; newer versions read the id as well.
      const auto name = m.name.given() ? m.name : chat::called_name(asked_, m.tool_call_id, m.index);
      put_if(out_, "tool_name", name);
      put_if(out_, "tool_call_id", m.tool_call_id);
    }
    out_.end_object();
    return {};
  }

  boost::system::result<void, refusal> images(const chat::message& m) {
    bool begun = false;
    for (std::size_t i = 0; i < m.content.size(); ++i) {
      const auto& part = m.content[i];
      using kind = chat::part::kind;
      if (part.is == kind::text || part.is == kind::refusal || part.is == kind::thinking) continue;
      if (part.is != kind::image) return chat::cannot(in_, chat::place_of(m, i), "takes text and images only");
      if (part.what.base64.empty()) {
        return chat::cannot(in_, chat::place_of(m, i), "takes images as data only, not by URL");
      }
      if (!std::exchange(begun, true)) out_.key("images").begin_array();
      out_.string(part.what.base64);
    }
    if (begun) out_.end_array();
    return {};
  }

  void calls(const chat::message& m) {
    if (m.calls.empty()) return;
    out_.key("tool_calls").begin_array();
    for (const auto& call : m.calls) {
      out_.begin_object();
      put_if(out_, "id", call.id);
      out_.key("function").begin_object().key("name").raw(call.name.raw());
      auto arguments = call.arguments.text();
      // An object is wanted; what a model once wrote may be none.
      if (!arguments_reader_.read(arguments) || !arguments_reader_.root().is(json::kind::object)) arguments = "{}";
      out_.key("arguments").raw(arguments).end_object().end_object();
    }
    out_.end_array();
  }

  boost::system::result<void, refusal> tools() {
    using choice = chat::tool_choice::kind;
    const auto is = asked_.tool_choice.is;
    if (is == choice::required || is == choice::named || is == choice::allowed) {
      return chat::cannot(in_, "tool_choice", "cannot be made to call a tool");
    }
    if (asked_.tools.empty() || is == choice::none) return {};
    out_.key("tools").begin_array();
    for (const auto& tool : asked_.tools) {
      out_.begin_object().key("type").string("function").key("function").begin_object();
      out_.key("name").raw(tool.name.raw());
      put_if(out_, "description", tool.description);
      out_.key("parameters")
          .raw(tool.parameters.given() ? tool.parameters.raw() : R"({"type":"object","properties":{}})");
      out_.end_object().end_object();
    }
    out_.end_array();
    return {};
  }

  void format() {
    using kind = chat::response_format::kind;
    if (asked_.format.is == kind::json_schema && asked_.format.schema.given()) {
      out_.key("format").raw(asked_.format.schema.raw());
    } else if (asked_.format.is != kind::text) {
      out_.key("format").string("json");
    }
  }

  /// `think` is false, true, or an effort; models that think in grades take the word, others read it as true.
  void thinking() {
    if (const auto own = asked_.root.find("think"); own.given()) {
      out_.key("think").raw(own.raw());
      return;
    }
    const auto& wish = asked_.reasoning;
    if (!wish.asked()) return;
    using level = chat::reasoning_wish::level;
    out_.key("think");
    if (wish.off()) {
      out_.boolean(false);
    } else if (wish.effort == level::minimal || wish.effort == level::low) {
      out_.string("low");
    } else if (wish.effort == level::medium) {
      out_.string("medium");
    } else if (wish.effort == level::high || wish.effort == level::xhigh) {
      out_.string("high");
    } else {
      out_.boolean(true);
    }
  }

  void options() {
    std::string text;
    json_writer own(text);
    own.begin_object();
    const auto given = asked_.root.find("options");
    for (const auto& m : given.members()) own.key(m.name).raw(m.value.raw());
    const auto set = [&](std::string_view name, json::value value) {
      if (value.given() && !given.find(name).exists()) own.key(name).raw(value.raw());
    };
    set("temperature", asked_.temperature);
    set("top_p", asked_.top_p);
    set("top_k", asked_.top_k);
    set("min_p", asked_.min_p);
    set("seed", asked_.seed);
    set("frequency_penalty", asked_.frequency_penalty);
    set("presence_penalty", asked_.presence_penalty);
    set("repeat_penalty", asked_.root.find("repeat_penalty"));
    if (const auto most = in_.clamped_max_tokens ? in_.clamped_max_tokens : asked_.max_tokens) {
      own.key("num_predict").number(*most);
    }
    if (!asked_.stop.empty()) {
      own.key("stop").begin_array();
      for (const auto& one : asked_.stop) own.raw(one.raw());
      own.end_array();
    }
    own.end_object();
    if (text != "{}") out_.key("options").raw(text);
  }

  const encode_input& in_;
  const chat_request& asked_;
  json_writer out_;
  json::reader arguments_reader_;
};

encoded encode_chat(const encode_input& in) {
  chat_request asked;
  if (auto read = chat::read_chat_request(in.asked, asked); !read) return read.error();
  wire_request wire;
  if (auto fine = chat::drop_others(in, carried, wire); !fine) return fine.error();
  auto text = std::make_unique<std::string>();
  text->reserve(in.asked.body.size() + 256);
  if (auto written = body_writer(in, asked, *text).write(); !written) return written.error();
  wire.target = target_of(in, "/api/chat");
  wire.body.emplace_back(*text);
  wire.owned.push_back(std::move(text));
  return wire;
}

/// Lists of token numbers are texts that only the tokenizer's owner can read.
bool holds_tokens(std::string_view input) {
  const auto first = input.find_first_not_of("[ \t\r\n");
  return first != std::string_view::npos && input[first] != '"';
}

encoded encode_embeddings(const encode_input& in) {
  const auto* input = in.asked.find("input");
  if (input == nullptr || holds_tokens(input->value))
    return chat::cannot(in, "input", "embeds text, not token numbers");
  wire_request wire;
  auto text = std::make_unique<std::string>();
  json_writer out(*text);
  out.begin_object().key("model").string(in.model);
  for (const auto& m : in.asked.members) {
    if (m.name == "input" || m.name == "dimensions" || m.name == "truncate" || m.name == "options" ||
        m.name == "keep_alive") {
      if (m.value != "null") out.key(m.name).raw(m.value);
    } else if (m.name == "user" && m.value != "null") {
      chat::drop(wire, m.name);
    }
  }
  out.end_object();
  wire.target = target_of(in, "/api/embed");
  wire.body.emplace_back(*text);
  wire.owned.push_back(std::move(text));
  return wire;
}

}  // namespace

bool ollama_dialect::serves(model::endpoint kind) const noexcept {
  return kind == model::endpoint::chat || kind == model::endpoint::embeddings;
}

encoded ollama_dialect::encode(const encode_input& in) const {
  auto wire = in.asked.kind == model::endpoint::chat ? encode_chat(in) : encode_embeddings(in);
  if (!wire) return wire;
  wire->headers = in.asked.stream ? "accept: application/x-ndjson\r\n" : "accept: application/json\r\n";
  append_credential(wire->headers, in.provider, in.secret);
  append_forwarded(wire->headers, in);
  return wire;
}

}  // namespace spidergate::providers::ollama
