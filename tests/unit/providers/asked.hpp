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

}  // namespace spidergate::providers
