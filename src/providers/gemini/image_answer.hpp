#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

namespace spidergate::providers::gemini {

/// OpenAI's list of images out of Imagen's :predict or of a Gemini model's answer.
[[nodiscard]] boost::system::result<client_answer, provider_error> image_answer(const answer_input& in,
                                                                                json::value root);

}  // namespace spidergate::providers::gemini
