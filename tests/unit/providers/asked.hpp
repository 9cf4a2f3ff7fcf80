#pragma once
#include <spidergate/openai/request_reader.hpp>
#include <spidergate/providers/dialect.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace spidergate::providers {

/// A client's request together with the bytes that it looks at.
struct asked {
  explicit asked(std::string text, model::endpoint kind = model::endpoint::chat)
      : body(std::make_unique<std::string>(std::move(text))) {
    const std::size_t size = body->size();
    body->append(64, '\0');
    auto outcome = openai::read_request(kind, std::string_view(*body).substr(0, size));
    EXPECT_TRUE(outcome.has_value()) << outcome.error().message;
    if (outcome) request = std::move(*outcome);
  }
  std::unique_ptr<std::string> body;
  model::inference_request request;
};

inline std::string chat_body(const std::string& more = {}) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}])" + more + "}";
}

template <class Pieces>
std::string joined(const Pieces& pieces) {
  std::string text;
  for (const auto piece : pieces) text += piece;
  return text;
}

inline const dialect& openai_dialect() {
  return *find_dialect("openai");
}

/// What a decoder is told, of a provider that nothing is known of.
inline answer_input about(const asked& q, std::string_view memo = {}) {
  static const catalogue::provider nobody;
  return {.asked = q.request, .provider = nobody, .model = "m", .memo = memo, .request_id = "req_1"};
}

/// The whole answer of what decode() says; a failed test where that is something else.
inline client_answer final_of(boost::system::result<std::variant<client_answer, follow_up>, provider_error> decoded) {
  if (decoded && std::holds_alternative<client_answer>(*decoded)) return std::get<client_answer>(std::move(*decoded));
  ADD_FAILURE() << (decoded ? "a follow-up" : decoded.error().message);
  return {};
}

}  // namespace spidergate::providers
