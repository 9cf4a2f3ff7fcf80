#pragma once
#include <spidergate/model/api_error.hpp>
#include <spidergate/model/inference_request.hpp>

#include <string_view>

namespace spidergate::openai {

/// Reads a client's body in OpenAI's form: validates all of it (JSON grammar, UTF-8, nesting of at most 128, types and
/// roles of the fields we know, no critical key twice: spec 12) and notes where the top-level members stand. No tree is
/// built; unknown fields are left alone. `body` must be followed by 64 readable bytes and outlive the request. Errors
/// are invalid_json, missing_field, invalid_value with `param` set in OpenAI's manner ("messages[2].role").
/// Transcriptions and translations come as multipart forms instead, whose boundary `content_type` (the header's value)
/// names; it is not looked at for the others. Thread-safe: each thread keeps its own parser.
[[nodiscard]] model::outcome<model::inference_request> read_request(model::endpoint kind, std::string_view body,
                                                                    std::string_view content_type = {});

/// Whether requests of that kind are forms.
[[nodiscard]] bool takes_form(model::endpoint kind) noexcept;

}  // namespace spidergate::openai
