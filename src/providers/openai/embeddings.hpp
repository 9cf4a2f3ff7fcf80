#pragma once
#include <spidergate/json/splice.hpp>
#include <spidergate/json/value.hpp>

namespace spidergate::providers::openai {

/// Gives each vector of an embeddings answer the form that the client asked for: base64 of little-endian float32 (what
/// the official SDKs ask for unless told otherwise, and many providers do not know), or a list of numbers. Vectors in
/// that form are left alone, as is one that cannot be read.
void convert_embeddings(json::value data, bool to_base64, json::splice& edits);

}  // namespace spidergate::providers::openai
