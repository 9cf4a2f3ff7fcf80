#pragma once
#include <spidergate/providers/dialect.hpp>

#include <string_view>

/// InvokeModel: embeddings, images and reranking, in the bodies that the models' own parameter pages document.
namespace spidergate::providers::bedrock {

/// Fills body, memo and dropped_params. REQUIRES: the endpoint is embeddings, images or rerank.
[[nodiscard]] boost::system::result<void, refusal> write_invocation(const encode_input& in, wire_request& wire);

/// REQUIRES: as above.
[[nodiscard]] boost::system::result<client_answer, provider_error> read_invocation(const answer_input& in,
                                                                                   std::string_view body);

}  // namespace spidergate::providers::bedrock
