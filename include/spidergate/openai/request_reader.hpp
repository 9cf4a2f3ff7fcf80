#pragma once
#include <spidergate/model/api_error.hpp>
#include <spidergate/model/inference_request.hpp>

#include <string_view>

namespace spidergate::openai {

/// Reads a client's body in OpenAI's form: validates all of it (JSON grammar, UTF-8, nesting of at most 128, types and
/// roles of the fields we know, no critical key twice: spec 12) and notes where the top-level members stand. No tree is
/// built; unknown fields are left alone. `body` must be followed by 64 readable bytes and outlive the request. Errors
/// are invalid_json, missing_field, invalid_value with `param` set in OpenAI's manner ("messages[2].role").
/// Thread-safe: each thread keeps its own parser.
[[nodiscard]] model::outcome<model::inference_request> read_request(model::endpoint kind, std::string_view body);

}  // namespace spidergate::openai
