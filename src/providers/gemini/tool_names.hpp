#pragma once
#include <string>
#include <string_view>

namespace spidergate::providers::gemini {

/// Functions' names begin with a letter or an underscore here, while OpenAI's may begin with a digit or a hyphen. Such
/// a name gets an underscore in front, as does one that looks as if it had been given one, so that each name comes back
/// as it was. Names are insides of string literals.
[[nodiscard]] inline bool name_is_marked(std::string_view name) noexcept {
  const auto first = name.find_first_not_of('_');
  return first != std::string_view::npos && (name[first] == '-' || (name[first] >= '0' && name[first] <= '9'));
}
[[nodiscard]] inline std::string name_for_provider(std::string_view name) {
  return name_is_marked(name) ? "_" + std::string(name) : std::string(name);
}
[[nodiscard]] inline std::string_view name_for_client(std::string_view name) noexcept {
  return name.starts_with('_') && name_is_marked(name) ? name.substr(1) : name;
}

/// The function through which an answer in JSON is given where a model cannot have both tools and a response format;
/// the wire_request's memo then says so.
inline constexpr std::string_view answer_tool = "final_answer_in_json";
inline constexpr std::string_view answer_tool_memo = "format=tool";
/// Whose signatures these are, in reasoning_details.
inline constexpr std::string_view signature_format = "google-gemini-v1";

}  // namespace spidergate::providers::gemini
