#pragma once
#include <string_view>

namespace spidergate::providers::gemini {

/// What a model's name tells of its abilities, where the API treats generations differently. A name without a number
/// ("gemini-flash-latest", a tuned model) counts as Gemini 2.5, whose settings newer models take too.
struct model_traits {
  int generation = 25;  ///< 10 times the version: 15, 20, 25, 30, 31, …
  bool pro = false;     ///< cannot be kept from thinking
  bool lite = false;    ///< smallest thinking budget 512
  bool thinks = true;   ///< has a thinkingConfig at all
  bool gemma = false;   ///< an open model served beside: no system instruction before Gemma 4
  bool imagen = false;  ///< :predict makes its images

  /// Thinking is set by level in place of tokens.
  [[nodiscard]] bool by_level() const noexcept { return generation >= 30; }
  /// Takes JSON schemas as they are (parametersJsonSchema) in place of OpenAPI's subset.
  [[nodiscard]] bool tool_json_schema() const noexcept { return generation >= 20 && !gemma; }
  [[nodiscard]] bool answer_json_schema() const noexcept { return generation >= 25 && !gemma; }
  /// Tools, searches and response formats in one request.
  [[nodiscard]] bool combines() const noexcept { return generation >= 30; }
};

[[nodiscard]] model_traits traits_of(std::string_view model) noexcept;

}  // namespace spidergate::providers::gemini
