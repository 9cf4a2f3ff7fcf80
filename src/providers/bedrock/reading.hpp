#pragma once
#include "../chat/answer.hpp"

#include <spidergate/json/value.hpp>
#include <spidergate/providers/dialect.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What whole answers and streams of Converse have in common.
namespace spidergate::providers::bedrock {

/// "ThrottlingException" out of a header, a `__type` or a stream's exception, however it is dressed.
[[nodiscard]] std::string plain_type(std::string_view type);
/// Sets kind, and status where it is unknown, by type and message.
void classify_aws(provider_error& error);

/// How OpenAI calls a stop reason.
[[nodiscard]] chat::finish finish_of(std::string_view stop_reason) noexcept;
/// Nothing can be made of what the model wrote.
[[nodiscard]] bool is_malformed(std::string_view stop_reason) noexcept;

/// `inputTokens` leaves out what was read from and written to the cache.
[[nodiscard]] std::optional<model::usage> read_usage(json::value usage, bool& impossible);

/// A citation as OpenAI's url_citation over [start, end) of the content, in characters; empty where it has no address.
[[nodiscard]] std::string annotation_of(json::value citation, std::int64_t start, std::int64_t end);

/// The object of reasoning_details for sealed thinking. Claude's own API has it as text: what base64 stands for.
[[nodiscard]] std::string sealed_thought(std::string_view data_literal, std::string_view format, std::size_t index);

}  // namespace spidergate::providers::bedrock
