#pragma once
#include "../chat/answer.hpp"
#include "messages_body.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What whole answers and streams of the Messages API have in common.
namespace spidergate::providers::anthropic {

inline constexpr std::string_view reasoning_format = "anthropic-claude-v1";

/// The figures of `usage`, which a stream says in several events: a later word replaces an earlier one, what it leaves
/// out stands.
class token_counts {
 public:
  void read(json::value usage);
  /// Nothing until both input and output are known.
  [[nodiscard]] std::optional<model::usage> total() const;
  [[nodiscard]] bool impossible() const noexcept { return impossible_; }

 private:
  void take(json::value figure, std::optional<std::int64_t>& into);
  std::optional<std::int64_t> input_, read_, written_, written_1h_, output_, thinking_, searches_;
  bool impossible_ = false;
};

/// finish::none for a reason that nobody here knows, which counts as stop.
[[nodiscard]] chat::finish finish_of(std::string_view stop_reason) noexcept;

/// A citation as OpenAI's url_citation over [start, end) of the content, in characters; empty where it has no URL.
[[nodiscard]] std::string annotation_of(json::value citation, std::int64_t start, std::int64_t end);

/// How many characters a string's inside has.
[[nodiscard]] std::int64_t characters_in(std::string_view literal) noexcept;

/// An object as the inside of a JSON string.
[[nodiscard]] std::string as_literal(json::value object);

/// Without a Markdown fence around it ("```json … ```").
[[nodiscard]] std::string_view without_fence(std::string_view literal) noexcept;

/// The same of a text that comes in pieces. Holds back what may be the fence, which is a few bytes.
class fence_filter {
 public:
  /// What of the text so far can go out.
  [[nodiscard]] std::string pass(std::string_view literal);
  /// The rest, at the end of the text.
  [[nodiscard]] std::string finish();

 private:
  enum class at : std::uint8_t { beginning, unfenced, fence_line, fenced };
  at at_ = at::beginning;
  std::string held_;
};

/// An error that came with status 200, by the type that it names.
[[nodiscard]] provider_error in_band_error(json::value root);

}  // namespace spidergate::providers::anthropic
