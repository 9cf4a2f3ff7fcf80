#pragma once
#include "path.hpp"

#include <spidergate/json/reader.hpp>
#include <spidergate/model/api_error.hpp>
#include <spidergate/model/inference_request.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::openai {

/// Fills an inference_request from a checked body, member by member, until something is wrong. One per request; the
/// methods return false once error() is set.
class request_builder {
 public:
  explicit request_builder(model::inference_request& request) : request_(request) {}

  [[nodiscard]] bool body(json::value root);
  /// A form instead of a JSON object; the request's parts have been read.
  [[nodiscard]] bool form();
  [[nodiscard]] model::api_error& error() { return *error_; }

 private:
  friend struct field_table;
  friend struct form_table;
  using handler = bool (request_builder::*)(json::value, const path&);

  // The top level (request_builder.cpp).
  [[nodiscard]] bool top_member(const json::member& m);
  [[nodiscard]] bool odd_name(std::string_view name);
  [[nodiscard]] bool required_fields();
  [[nodiscard]] bool seen(std::size_t row) const noexcept { return (seen_ >> row & 1U) != 0; }
  bool model_name(json::value v, const path& at);
  bool stream(json::value v, const path& at);
  bool stream_options(json::value v, const path& at);
  bool max_tokens(json::value v, const path& at);
  bool max_completion_tokens(json::value v, const path& at);
  bool choice_count(json::value v, const path& at);
  bool best_of(json::value v, const path& at);
  bool any_number(json::value v, const path& at);
  bool any_integer(json::value v, const path& at);
  bool any_flag(json::value v, const path& at);
  bool any_words(json::value v, const path& at);
  bool any_object(json::value v, const path& at);
  bool stop(json::value v, const path& at);
  bool encoding_format(json::value v, const path& at);
  bool modalities(json::value v, const path& at);

  // messages.cpp
  bool messages(json::value v, const path& at);
  bool message(json::value v, const path& at);
  bool tool_calls(json::value v, const path& at);
  bool content(json::value v, std::string_view role, bool may_lack, const path& at);
  bool content_part(json::value v, const path& at);
  bool text_part(json::value part, const path& at);
  bool image_part(json::value part, const path& at);
  bool media_part(json::value part, std::string_view field, bool audio, const path& at);

  // tools.cpp
  bool tools(json::value v, const path& at);
  bool functions(json::value v, const path& at);
  bool named_function(json::value v, const path& at);
  bool response_format(json::value v, const path& at);

  // input.cpp
  bool prompt(json::value v, const path& at);
  bool input(json::value v, const path& at);
  bool text_or_tokens(json::value v, bool objects_too, const path& at);
  bool input_element(json::value v, bool objects_too, const path& at);
  bool token_list(json::value v, const path& at);

  // media.cpp
  bool picture_prompt(json::value v, const path& at);
  bool spoken_text(json::value v, const path& at);
  bool voice(json::value v, const path& at);
  bool query(json::value v, const path& at);
  bool documents(json::value v, const path& at);
  bool document(json::value v, const path& at);
  bool top_n(json::value v, const path& at);

  // form.cpp
  [[nodiscard]] bool form_part(const model::form_part& part);
  [[nodiscard]] bool form_text(std::string_view text, const path& at);
  [[nodiscard]] bool form_json(std::string_view text, handler read, const path& at);
  bool form_model(const model::form_part& part, const path& at);
  bool form_file(const model::form_part& part, const path& at);
  bool form_stream(const model::form_part& part, const path& at);
  bool form_number(const model::form_part& part, const path& at);
  bool form_words(const model::form_part& part, const path& at);
  bool form_gateway_options(const model::form_part& part, const path& at);
  bool form_routing_hints(const model::form_part& part, const path& at);
  bool form_fallback_chain(const model::form_part& part, const path& at);
  bool form_strict_params(const model::form_part& part, const path& at);

  // gateway_options.cpp
  bool gateway_options(json::value v, const path& at);
  bool gateway_option(const json::member& m, const path& at);
  bool cache_option(json::value v, const path& at);
  bool routing_hints(json::value v, const path& at);
  bool fallback_chain(json::value v, const path& at);
  bool strict_params(json::value v, const path& at);

  bool model_text(std::string text, const path& at);

  // fields.cpp: checks that many fields share.
  bool fail(model::api_errc code, std::string message, const path& at);
  bool wrong_type(json::value v, std::string_view expected, const path& at);
  bool missing(const path& at);
  bool want(json::value v, json::kind kind, const path& at) {
    return v.is(kind) || wrong_type(v, json::kind_name(kind), at);
  }
  bool integer(json::value v, std::int64_t low, std::int64_t high, std::int64_t& out, const path& at);
  bool out_of_range(std::int64_t number, std::int64_t low, std::int64_t high, const path& at);
  bool flag(json::value v, bool& out, const path& at);
  bool strings(json::value v, std::vector<std::string>& out, const path& at);
  bool not_empty(json::value array, const path& at);

  model::inference_request& request_;
  std::optional<model::api_error> error_;
  std::uint64_t seen_ = 0;  ///< a bit per row of the field table
  std::optional<std::int64_t> max_tokens_, max_completion_tokens_;

  // What the prompt estimate is made of.
  void add_image(std::size_t bytes);
  void add_media(std::size_t bytes, std::size_t usual_bytes_per_token, std::size_t fewest_bytes_per_token);
  void finish_estimates();
  std::size_t text_bytes_ = 0;
  std::int64_t other_tokens_ = 0;
  std::size_t media_bytes_ = 0;  ///< no text, though they stand in the body
  std::int64_t most_media_tokens_ = 0;
  std::int64_t prompts_ = 0;  ///< of a completion
  std::int64_t best_of_ = 1;
};

}  // namespace spidergate::openai
