#include "request_builder.hpp"

#include <spidergate/core/ascii.hpp>
#include <spidergate/json/name_table.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <span>

namespace spidergate::openai {

using model::api_errc;
using model::endpoint;

namespace {

constexpr unsigned bit(endpoint e) {
  return 1u << static_cast<unsigned>(e);
}
constexpr unsigned on_chat = bit(endpoint::chat);
constexpr unsigned on_text = on_chat | bit(endpoint::completions);
constexpr unsigned on_input = bit(endpoint::embeddings) | bit(endpoint::moderations);
constexpr unsigned on_images = bit(endpoint::images);
constexpr unsigned on_speech = bit(endpoint::speech);
constexpr unsigned on_rerank = bit(endpoint::rerank);
constexpr unsigned everywhere = on_text | on_input | on_images | on_speech | on_rerank;
// Elsewhere a null is as good as nothing.
constexpr unsigned not_null = 1u << 31;

// Budgets multiply it by prices; no model's output comes near.
constexpr std::int64_t most_tokens = 2'147'483'647;
// OpenAI's own limit.
constexpr std::int64_t most_choices = 128;
constexpr std::size_t longest_model_name = 512;

/// Without which there is no question.
std::span<const std::string_view> contents_of(endpoint kind) {
  static constexpr std::array<std::string_view, 6> names{"messages", "prompt", "input", "query", "documents", "file"};
  const std::span all(names);
  switch (kind) {
    case endpoint::chat:
      return all.subspan(0, 1);
    case endpoint::completions:
    case endpoint::images:
      return all.subspan(1, 1);
    case endpoint::rerank:
      return all.subspan(3, 2);
    case endpoint::transcriptions:
    case endpoint::translations:
      return all.subspan(5, 1);
    default:
      return all.subspan(2, 1);
  }
}

}  // namespace

/// The fields that we read, each a critical one: given twice, two readers could take different ones for true (and a
/// client could so ask for a model that it may not use), hence that is refused. All others belong to the provider
/// alone.
struct field_table {
  struct row {
    std::string_view name;
    unsigned endpoints;
    request_builder::handler read;
  };
  using b = request_builder;
  static constexpr std::array rows{
      row{"model", everywhere | not_null, &b::model_name},
      row{"messages", on_chat | not_null, &b::messages},
      row{"prompt", bit(endpoint::completions) | on_images | not_null, &b::prompt},
      row{"input", on_input | on_speech | not_null, &b::input},
      row{"query", on_rerank | not_null, &b::query},
      row{"documents", on_rerank | not_null, &b::documents},
      row{"top_n", on_rerank, &b::top_n},
      row{"return_documents", on_rerank, &b::any_flag},
      row{"stream", on_text | on_images, &b::stream},
      row{"stream_options", on_text, &b::stream_options},
      row{"max_tokens", on_text, &b::max_tokens},
      row{"max_completion_tokens", on_chat, &b::max_completion_tokens},
      row{"n", on_text | on_images, &b::choice_count},
      row{"best_of", bit(endpoint::completions), &b::best_of},
      row{"temperature", on_text, &b::any_number},
      row{"top_p", on_text, &b::any_number},
      row{"presence_penalty", on_text, &b::any_number},
      row{"frequency_penalty", on_text, &b::any_number},
      row{"stop", on_text, &b::stop},
      row{"tools", on_chat, &b::tools},
      row{"functions", on_chat, &b::functions},
      row{"response_format", on_chat, &b::response_format},
      row{"modalities", on_chat, &b::modalities},
      row{"logit_bias", on_text, &b::any_object},
      row{"encoding_format", bit(endpoint::embeddings), &b::encoding_format},
      row{"dimensions", bit(endpoint::embeddings), &b::any_integer},
      row{"voice", on_speech, &b::voice},
      row{"speed", on_speech, &b::any_number},
      row{"size", on_images, &b::any_words},
      row{"quality", on_images, &b::any_words},
      row{"spidergate_options", everywhere, &b::gateway_options},
      row{"x-routing-hints", everywhere, &b::routing_hints},
      row{"x-fallback-chain", everywhere, &b::fallback_chain},
      row{"strict_params", everywhere, &b::strict_params},
  };
  static_assert(rows.size() <= 64, "seen_ has a bit per row");
};

namespace {

/// Where a field's row stands.
constexpr json::name_table field_names([] {
  std::array<std::string_view, field_table::rows.size()> all;
  std::transform(field_table::rows.begin(), field_table::rows.end(), all.begin(), [](const auto& r) { return r.name; });
  return all;
}());

}  // namespace

bool request_builder::body(json::value root) {
  request_.members.reserve(16);
  for (const auto& m : root.members()) {
    request_.members.push_back({m.name, m.whole(), m.value.raw()});
    if (!top_member(m)) return false;
  }
  if (!required_fields()) return false;
  if (request_.kind == endpoint::speech) request_.stream = true;  // sound goes out as it comes
  request_.max_tokens = max_completion_tokens_ ? max_completion_tokens_ : max_tokens_;
  finish_estimates();
  return true;
}

void request_builder::finish_estimates() {
  constexpr std::int64_t most_tokens_around_tools = 1000;
  request_.estimated_prompt_tokens = static_cast<std::int64_t>((text_bytes_ + 2) / 3) + other_tokens_;
  request_.most_prompt_tokens = static_cast<std::int64_t>(request_.body.size() - media_bytes_) + most_media_tokens_ +
                                (request_.needs.tools ? most_tokens_around_tools : 0);
  request_.answers = std::max(request_.choices, best_of_);
  if (request_.kind == endpoint::completions) request_.answers *= std::max<std::int64_t>(1, prompts_);
}

bool request_builder::top_member(const json::member& m) {
  const auto place = field_names.place(m.name);
  if (place == field_names.none) return odd_name(m.name);
  const auto& row = field_table::rows[place];
  const path at(row.name);
  if (seen(place)) return fail(api_errc::invalid_value, "Duplicate parameter: '" + at.text() + "' is given twice.", at);
  seen_ |= std::uint64_t{1} << place;
  if ((row.endpoints & bit(request_.kind)) == 0 || ((row.endpoints & not_null) == 0 && m.value.is_null())) return true;
  return (this->*row.read)(m.value, at);
}

/// A name that only some readers take for one of ours: written with escapes, or in other case (Go's JSON reader ignores
/// case).
bool request_builder::odd_name(std::string_view name) {
  std::string plain;
  const bool escaped = name.find('\\') != std::string_view::npos;
  if (escaped) json::append_unescaped(plain, name);
  const std::string_view meant = escaped ? std::string_view(plain) : name;
  for (const auto& row : field_table::rows) {
    if (meant.size() != row.name.size() || !iequals(meant, row.name)) continue;
    return fail(api_errc::invalid_value,
                "Unrecognized parameter: '" + std::string(name) + "'. Did you mean '" + std::string(row.name) + "'?",
                path(name));
  }
  return true;
}

bool request_builder::required_fields() {
  if (!seen(field_names["model"])) {
    // OpenAI's moderation endpoint is the one that has a default.
    if (request_.kind != endpoint::moderations) return missing(path("model"));
    request_.model = "omni-moderation-latest";
  }
  for (const auto content : contents_of(request_.kind)) {
    if (!seen(field_names.place(content))) return missing(path(content));
  }
  return true;
}

bool request_builder::model_name(json::value v, const path& at) {
  return want(v, json::kind::string, at) && model_text(v.text(), at);
}

bool request_builder::model_text(std::string text, const path& at) {
  request_.model = std::move(text);
  if (request_.model.empty()) return fail(api_errc::invalid_value, "Invalid 'model': it is empty.", at);
  if (request_.model.size() <= longest_model_name) return true;
  return fail(api_errc::invalid_value, "Invalid 'model': longer than 512 bytes.", at);
}

bool request_builder::stream(json::value v, const path& at) {
  if (!flag(v, request_.stream, at)) return false;
  if (!request_.stream || request_.kind != endpoint::images) return true;
  return fail(api_errc::invalid_value, "Images are not streamed here: leave 'stream' out, or set it to false.", at);
}

bool request_builder::stream_options(json::value v, const path& at) {
  if (!want(v, json::kind::object, at)) return false;
  const auto include = v.find("include_usage");
  return !include.given() || flag(include, request_.include_usage, at.member("include_usage"));
}

bool request_builder::max_tokens(json::value v, const path& at) {
  return integer(v, 0, most_tokens, max_tokens_.emplace(), at);
}

bool request_builder::max_completion_tokens(json::value v, const path& at) {
  return integer(v, 0, most_tokens, max_completion_tokens_.emplace(), at);
}

bool request_builder::choice_count(json::value v, const path& at) {
  return integer(v, 1, most_choices, request_.choices, at);
}

bool request_builder::best_of(json::value v, const path& at) {
  return integer(v, 1, most_choices, best_of_, at);
}

bool request_builder::any_number(json::value v, const path& at) {
  return want(v, json::kind::number, at);
}

bool request_builder::any_integer(json::value v, const path& at) {
  std::int64_t ignored = 0;
  return integer(v, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(), ignored, at);
}

bool request_builder::any_flag(json::value v, const path& at) {
  bool ignored = false;
  return flag(v, ignored, at);
}

bool request_builder::any_words(json::value v, const path& at) {
  return want(v, json::kind::string, at);
}

bool request_builder::any_object(json::value v, const path& at) {
  return want(v, json::kind::object, at);
}

bool request_builder::stop(json::value v, const path& at) {
  if (v.is(json::kind::string)) return true;
  if (!v.is(json::kind::array)) return wrong_type(v, "a string or an array of strings", at);
  std::vector<std::string> ignored;
  return strings(v, ignored, at);
}

bool request_builder::encoding_format(json::value v, const path& at) {
  if (!want(v, json::kind::string, at)) return false;
  request_.wants_base64 = v.literal() == "base64";
  return true;
}

bool request_builder::modalities(json::value v, const path& at) {
  std::vector<std::string> wanted;
  if (!strings(v, wanted, at)) return false;
  if (std::find(wanted.begin(), wanted.end(), "audio") != wanted.end()) request_.needs.audio = true;
  return true;
}

}  // namespace spidergate::openai
