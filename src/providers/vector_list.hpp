#pragma once
#include <spidergate/core/json_text.hpp>
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace spidergate::providers {

/// Embeddings on their way into OpenAI's list, for dialects whose answers have another form.
class vector_list {
 public:
  vector_list();
  /// The next vector: a raw JSON array of numbers.
  void add(std::string_view raw);
  /// The whole list, each vector as the client asked for it (numbers, or base64). `model_json` is a JSON string; empty:
  /// what was asked for.
  [[nodiscard]] client_answer finish(const answer_input& in, std::string_view model_json,
                                     const std::optional<model::usage>& used);

 private:
  std::unique_ptr<std::string> text_;
  json_writer out_;
  std::int64_t index_ = 0;
};

}  // namespace spidergate::providers
