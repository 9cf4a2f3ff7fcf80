#pragma once
#include <spidergate/providers/dialect.hpp>

#include <optional>
#include <string_view>

namespace spidergate::providers::openai {

/// Writes the client's multipart form anew (RFC 7578): the model's part says `model`, the gateway's own parts are left
/// out, the provider's renames and drops hold, files stay views of the client's bytes. The boundary is one that occurs
/// in no part. Nothing when it is done, else why this provider cannot be asked that.
[[nodiscard]] std::optional<refusal> write_form(const encode_input& in, std::string_view model, wire_request& wire);

}  // namespace spidergate::providers::openai
