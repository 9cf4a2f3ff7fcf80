#pragma once
#include "../chat/chat_request.hpp"
#include "body_text.hpp"
#include "model_traits.hpp"

namespace spidergate::providers::gemini {

/// Whether a response format has to be kept through a function of ours: the model cannot have tools and a format.
[[nodiscard]] bool formats_through_tool(const chat::chat_request& asked, const model_traits& traits);

/// Writes `,"tools":[…]` and `,"toolConfig":{…}`. Beside functions the API's own tools may be given as clients of other
/// gateways do ({"googleSearch":{}}, {"codeExecution":{}}, …) and by web_search_options. `declares_mixing`: functions
/// beside a tool of the API's own must be announced.
[[nodiscard]] boost::system::result<void, refusal> append_tools(const encode_input& in, const chat::chat_request& asked,
                                                                const model_traits& traits, bool declares_mixing,
                                                                body_text& out);

}  // namespace spidergate::providers::gemini
