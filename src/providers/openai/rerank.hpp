#pragma once
#include <spidergate/json/splice.hpp>
#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

#include <string_view>

/// Documents put into order. Clients get one form whichever server answers: {"id","object":"list","model","results":
/// [{"index","relevance_score","document"?}],"usage"}.
namespace spidergate::providers::openai {

/// A document that is an object with nothing but a text becomes the text, which every server takes. `documents` is the
/// raw value within the body that `edits` is about.
void plain_documents(std::string_view documents, json::splice& edits);

/// Reads the answers of Cohere, Jina, Together, Voyage, vLLM, llama.cpp (an object with `results`), SGLang and TEI (a
/// bare list), DeepInfra (`scores`). One in our form travels as it came; others are written anew. What the client asked
/// for and a server does not do is done here: return_documents, top_n.
[[nodiscard]] boost::system::result<client_answer, provider_error> read_rerank(const answer_input& in,
                                                                               std::string_view content_type,
                                                                               std::string_view body);

}  // namespace spidergate::providers::openai
