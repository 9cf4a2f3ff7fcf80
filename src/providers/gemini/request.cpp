#include "../chat/chat_request.hpp"
#include "../wire_headers.hpp"
#include "body_text.hpp"
#include "contents.hpp"
#include "gemini_dialect.hpp"
#include "generation.hpp"
#include "model_traits.hpp"
#include "tool_names.hpp"
#include "tools.hpp"

#include <utility>

namespace spidergate::providers::gemini {

namespace {

using model::endpoint;
using outcome = boost::system::result<void, refusal>;

constexpr std::string_view carried[]{"stop",
                                     "max_tokens",
                                     "max_completion_tokens",
                                     "temperature",
                                     "top_p",
                                     "top_k",
                                     "seed",
                                     "frequency_penalty",
                                     "presence_penalty",
                                     "logprobs",
                                     "top_logprobs",
                                     "n",
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
                                     "modalities",
                                     "web_search_options",
                                     "extra_body",
                                     "google",
                                     "safety_settings",
                                     "safetySettings",
                                     "cached_content",
                                     "cachedContent",
                                     "thinking_config",
                                     "thinkingConfig",
                                     "image_config",
                                     "imageConfig"};

bool streams(const encode_input& in) {
  return in.asked.stream && (in.asked.kind == endpoint::chat || in.asked.kind == endpoint::speech);
}

}  // namespace

bool gemini_dialect::serves(endpoint kind) const noexcept {
  return kind == endpoint::chat || kind == endpoint::embeddings || kind == endpoint::images || kind == endpoint::speech;
}

gemini_dialect::service gemini_dialect::service_of(const encode_input&) const {
  return {};
}

std::string gemini_dialect::path_of(std::string_view model) const {
  std::string path = model.starts_with("models/") || model.starts_with("tunedModels/") ? "/" : "/models/";
  while (true) {
    const auto slash = model.find('/');
    append_percent_encoded(path, model.substr(0, slash));
    if (slash == std::string_view::npos) return path;
    path.push_back('/');
    model.remove_prefix(slash + 1);
  }
}

void gemini_dialect::address(const encode_input& in, std::string_view verb, wire_request& wire) const {
  const bool sse = streams(in);
  wire.target.assign(in.base_path).append(path_of(in.model)).append(":").append(verb);
  if (sse) wire.target.append("?alt=sse");
  append_query_credential(wire.target, in.provider, in.secret);
  wire.headers.reserve(256);
  wire.headers.append(sse ? "accept: text/event-stream\r\n" : "accept: application/json\r\n");
  append_credential(wire.headers, in.provider, in.secret);
  append_forwarded(wire.headers, in);
}

boost::system::result<wire_request, refusal> gemini_dialect::encode(const encode_input& in) const {
  boost::system::result<wire_request, refusal> encoded(boost::system::in_place_value);
  auto& wire = *encoded;
  const auto done = [&]() -> outcome {
    switch (in.asked.kind) {
      case endpoint::embeddings:
        return encode_embeddings(in, wire);
      case endpoint::images:
        return encode_images(in, wire);
      case endpoint::speech:
        return encode_speech(in, wire);
      default:
        return encode_chat(in, wire);
    }
  }();
  if (!done) encoded = done.error();
  return encoded;
}

outcome gemini_dialect::encode_chat(const encode_input& in, wire_request& wire) const {
  chat::chat_request asked;
  asked.keeps_other_tools = true;
  if (const auto read = chat::read_chat_request(in.asked, asked); !read) return read.error();
  if (const auto dropped = chat::drop_others(in, carried, wire); !dropped) return dropped.error();
  const auto traits = traits_of(in.model);
  if (traits.imagen) return chat::cannot(in, "model", "makes images of this model at /images/generations alone");
  const auto how = service_of(in);
  address(in, streams(in) ? "streamGenerateContent" : "generateContent", wire);
  body_text out(wire);
  out.add("{");
  contents_writer::settings settings{.call_ids = how.call_ids, .video_links_typed = how.video_links_typed};
  if (how.files) settings.files_url = "https://" + std::string(in.authority) + std::string(in.base_path) + "/";
  if (const auto written = contents_writer(in, asked, traits, std::move(settings), out).run(); !written)
    return written.error();
  if (const auto written = append_tools(in, asked, traits, how.declares_mixing, out); !written) return written.error();
  const bool through_tool = formats_through_tool(asked, traits);
  const bool no_text = !asked.tools.empty() && !traits.combines() && !through_tool &&
                       asked.tool_choice.is != chat::tool_choice::kind::none;
  if (through_tool) wire.memo = answer_tool_memo;
  if (const auto written = append_generation(in, asked, traits, !through_tool && !no_text, out, wire); !written)
    return written.error();
  out.add("}").flush();
  return {};
}

}  // namespace spidergate::providers::gemini
