#pragma once
#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

namespace spidergate::providers::gemini {

/// OpenAI's list of embeddings out of batchEmbedContents', embedContent's or :predict's answer.
[[nodiscard]] boost::system::result<client_answer, provider_error> embedding_answer(const answer_input& in,
                                                                                    json::value root);

}  // namespace spidergate::providers::gemini
