#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::model {

/// What is asked for; the client's dialect and the provider's endpoint both follow from it.
enum class endpoint : std::uint8_t {
  chat,            ///< /chat/completions
  completions,     ///< /completions
  embeddings,      ///< /embeddings
  moderations,     ///< /moderations
  images,          ///< /images/generations
  speech,          ///< /audio/speech
  transcriptions,  ///< /audio/transcriptions, a multipart form
  translations,    ///< /audio/translations, a multipart form
  rerank,          ///< /rerank
};
[[nodiscard]] std::string_view endpoint_name(endpoint e) noexcept;

/// One member of the request's top-level JSON object: views into the body.
struct body_member {
  std::string_view
      name;  ///< without quotes, escapes undone only by comparison: a name with escapes never equals a known one
  std::string_view whole;  ///< from the opening quote of the name to the end of the value
  std::string_view value;  ///< the raw JSON of the value
};

/// One part of a multipart form (RFC 7578): views into the body.
struct form_part {
  std::string_view name, filename, content_type;  ///< filename and content_type may be empty
  std::string_view content;
};

/// Extensions of spec section 9, stripped before a provider sees the body.
struct routing_options {
  std::vector<std::string> fallback_models;          ///< spidergate_options.fallback_models
  std::optional<int> retry_count;                    ///< 0-5
  std::optional<std::chrono::milliseconds> timeout;  ///< the whole request
  std::string cache;                                 ///< raw JSON of spidergate_options.cache, or empty
  std::vector<std::string> tags;
  std::string metadata;                     ///< raw JSON object, or empty
  std::vector<std::string> fallback_chain;  ///< x-fallback-chain: replaces the chain
  std::string routing_hints;                ///< raw JSON of x-routing-hints, or empty
  bool strict_params = false;
};

/// What an inference request needs of a model beyond text.
struct request_needs {
  bool tools = false;
  bool images = false;
  bool audio = false;
  bool files = false;
  bool json_schema = false;
};

/// One validated inference request: the client's bytes, and the few facts that routing needs. Same-dialect answers are
/// made from the bytes; a tree is built only where a dialect is crossed.
struct inference_request {
  endpoint kind = endpoint::chat;
  std::string_view body;  ///< the client's bytes, valid JSON or a multipart form; valid while the request lives
  std::vector<body_member> members;  ///< of the top-level object, in order; none of a form
  std::vector<form_part> form;       ///< in order; none of a JSON body
  std::string model;                 ///< unescaped
  /// The answer goes out as it comes: `stream: true`, and speech always.
  bool stream = false;
  bool include_usage = false;              ///< stream_options.include_usage
  std::optional<std::int64_t> max_tokens;  ///< max_completion_tokens, else max_tokens
  std::int64_t choices = 1;                ///< n
  bool wants_base64 = false;               ///< embeddings: encoding_format "base64"
  /// How many answers (images) are made and charged: n, or best_of where that is more, for each prompt.
  std::int64_t answers = 1;
  std::int64_t estimated_prompt_tokens = 0;  ///< sensibly from above: bytes of text / 3, plus 1,000 per image
  /// What no tokenizer exceeds, images not counted: a token is at least one byte of the body, sound has at most one
  /// in 16 bytes of base64, tools up to 1,000 of the provider's own. Budgets are reserved by it.
  std::int64_t most_prompt_tokens = 0;
  std::int64_t images = 0;     ///< in the prompt
  bool unsized_media = false;  ///< the prompt names media whose size cannot be seen here, such as a stored file
  // What is charged by something else than tokens, at most:
  std::int64_t characters = 0;   ///< speech: code points of the text to be spoken
  std::int64_t sound_bytes = 0;  ///< transcriptions and translations: of the file
  std::int64_t documents = 0;    ///< rerank
  request_needs needs;
  routing_options options;

  /// The member of that name, or null.
  [[nodiscard]] const body_member* find(std::string_view name) const noexcept;
  /// The form's part of that name, or null.
  [[nodiscard]] const form_part* find_part(std::string_view name) const noexcept;
};

}  // namespace spidergate::model
