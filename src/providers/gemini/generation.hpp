#pragma once
#include "../chat/chat_request.hpp"
#include "body_text.hpp"
#include "model_traits.hpp"

namespace spidergate::providers::gemini {

/// Writes `,"generationConfig":{…}` and what else is asked for beside conversation and tools. `formatted` is false
/// where the response format goes another way.
[[nodiscard]] boost::system::result<void, refusal> append_generation(const encode_input& in,
                                                                     const chat::chat_request& asked,
                                                                     const model_traits& traits, bool formatted,
                                                                     body_text& out, wire_request& wire);

/// The names under which `extra_body.google` of Google's own OpenAI-compatible API, and clients of this API, give what
/// OpenAI has no word for; absent when the request has none of them.
[[nodiscard]] json::value find_google(json::value root, std::string_view camel, std::string_view snake);

}  // namespace spidergate::providers::gemini
