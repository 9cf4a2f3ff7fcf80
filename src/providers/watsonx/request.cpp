#include "../chat/chat_request.hpp"
#include "../wire_headers.hpp"
#include "watsonx_dialect.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <array>

namespace spidergate::providers::watsonx {

namespace {

using encoded = boost::system::result<wire_request, refusal>;
using model::endpoint;

constexpr std::string_view default_version = "2025-02-06";

// What /ml/v1/text/chat knows under OpenAI's own names.
constexpr std::array<std::string_view, 21> chat_fields{"messages",
                                                       "tools",
                                                       "frequency_penalty",
                                                       "presence_penalty",
                                                       "logit_bias",
                                                       "logprobs",
                                                       "n",
                                                       "seed",
                                                       "top_logprobs",
                                                       "max_tokens",
                                                       "max_completion_tokens",
                                                       "response_format",
                                                       "stop",
                                                       "top_p",
                                                       "temperature",
                                                       "time_limit",
                                                       "reasoning_effort",
                                                       "include_reasoning",
                                                       "guided_choice",
                                                       "guided_regex",
                                                       "chat_template_kwargs"};
constexpr std::array<std::string_view, 1> read_fields{"tool_choice"};

std::string_view path_of(const model::inference_request& asked) {
  switch (asked.kind) {
    case endpoint::embeddings:
      return "/ml/v1/text/embeddings";
    case endpoint::rerank:
      return "/ml/v1/text/rerank";
    default:
      return asked.stream ? "/ml/v1/text/chat_stream" : "/ml/v1/text/chat";
  }
}

bool is_chat_field(std::string_view name) {
  return std::find(chat_fields.begin(), chat_fields.end(), name) != chat_fields.end();
}

/// Whose account pays: a project, or a deployment space.
bool put_owner(json_writer& out, const credential& secret) {
  for (const auto& [setting, member] : {std::pair<std::string_view, std::string_view>{"project_id", "project_id"},
                                        {"project", "project_id"},
                                        {"space_id", "space_id"}}) {
    if (const auto id = secret.setting(setting); !id.empty()) {
      out.key(member).string(id);
      return true;
    }
  }
  return false;
}

/// A word goes under another name; an object stays.
void put_tool_choice(json_writer& out, json::value choice) {
  if (choice.is(json::kind::string)) out.key("tool_choice_option").raw(choice.raw());
  if (choice.is(json::kind::object)) out.key("tool_choice").raw(choice.raw());
}

encoded chat_body(const encode_input& in, json_writer& out) {
  wire_request wire;
  std::array<std::string_view, chat_fields.size() + read_fields.size()> carried{};
  std::copy(read_fields.begin(), read_fields.end(), std::copy(chat_fields.begin(), chat_fields.end(), carried.begin()));
  if (auto fine = chat::drop_others(in, carried, wire); !fine) return fine.error();
  for (const auto& m : in.asked.members) {
    if (!is_chat_field(m.name) || m.value == "null") continue;
    const bool length = m.name == "max_tokens" || m.name == "max_completion_tokens";
    if (!length || !in.clamped_max_tokens) out.key(m.name).raw(m.value);
  }
  if (in.clamped_max_tokens) out.key("max_tokens").number(*in.clamped_max_tokens);
  if (const auto* choice = in.asked.find("tool_choice")) {
    json::reader reader;
    if (reader.read(choice->value)) put_tool_choice(out, reader.root());
  }
  return wire;
}

encoded embeddings_body(const encode_input& in, json_writer& out) {
  json::reader reader;
  const auto* input = in.asked.find("input");
  if (input == nullptr || !reader.read(input->value)) return chat::cannot(in, "input", "embeds text only");
  const auto texts = reader.root();
  out.key("inputs").begin_array();
  if (texts.is(json::kind::string)) out.raw(texts.raw());
  for (const auto text : texts.elements()) {
    if (!text.is(json::kind::string)) return chat::cannot(in, "input", "embeds text, not token numbers");
    out.raw(text.raw());
  }
  out.end_array();
  wire_request wire;
  if (in.asked.find("dimensions") != nullptr) return chat::cannot(in, "dimensions", "makes vectors of one size only");
  if (const auto* user = in.asked.find("user"); user != nullptr && user->value != "null") chat::drop(wire, "user");
  return wire;
}

encoded rerank_body(const encode_input& in, json_writer& out) {
  json::reader reader;
  if (!reader.read(in.asked.body)) return chat::cannot(in, "documents", "ranks text only");
  const auto root = reader.root();
  out.key("query").raw(root.find("query").raw()).key("inputs").begin_array();
  for (const auto document : root.find("documents").elements()) {
    const auto text = document.is(json::kind::object) ? document.find("text") : document;
    if (!text.is(json::kind::string)) return chat::cannot(in, "documents", "ranks text only");
    out.begin_object().key("text").raw(text.raw()).end_object();
  }
  out.end_array().key("parameters").begin_object().key("return_options").begin_object();
  if (const auto most = root.find("top_n"); most.given()) out.key("top_n").raw(most.raw());
  out.key("inputs").boolean(root.find("return_documents").boolean() == true);
  out.end_object().end_object();
  return wire_request{};
}

}  // namespace

bool watsonx_dialect::serves(endpoint kind) const noexcept {
  return kind == endpoint::chat || kind == endpoint::embeddings || kind == endpoint::rerank;
}

encoded watsonx_dialect::encode(const encode_input& in) const {
  auto text = std::make_unique<std::string>();
  text->reserve(in.asked.body.size() + 256);
  json_writer out(*text);
  out.begin_object().key("model_id").string(in.model);
  if (!put_owner(out, in.secret)) {
    return refusal{"model",
                   "The watsonx credential names neither a project_id nor a space_id, and one of them is needed."};
  }
  auto wire = in.asked.kind == endpoint::chat         ? chat_body(in, out)
              : in.asked.kind == endpoint::embeddings ? embeddings_body(in, out)
                                                      : rerank_body(in, out);
  if (!wire) return wire;
  out.end_object();
  const auto version = in.secret.setting("api_version");
  wire->target.assign(in.base_path).append(path_of(in.asked)).append("?version=");
  append_percent_encoded(wire->target, version.empty() ? default_version : version);
  wire->headers = in.asked.stream ? "accept: text/event-stream\r\n" : "accept: application/json\r\n";
  append_credential(wire->headers, in.provider, in.secret);
  append_forwarded(wire->headers, in);
  wire->body.emplace_back(*text);
  wire->owned.push_back(std::move(text));
  return wire;
}

}  // namespace spidergate::providers::watsonx
