#pragma once
#include <spidergate/core/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::providers {

/// A model that a server says it has.
struct listed_model {
  std::string id;
  std::int64_t context = 0;  ///< tokens; 0: not said
};

/// Where a server of that dialect lists its models, below the path of its base_url; empty where we know of no list.
[[nodiscard]] std::string_view model_list_path(std::string_view dialect) noexcept;

/// Reads OpenAI's list ({"data": [{"id"}]}, with the window where vLLM, SGLang, llama.cpp or LM Studio say it) or
/// Ollama's ({"models": [{"name"}]}). At most 1,000 models, the first ones; ids without 1 to 256 printable bytes are
/// left out, and those that are given twice. The message says what is wrong with anything else. Pure; `body` is
/// followed by 64 readable bytes.
[[nodiscard]] boost::system::result<std::vector<listed_model>, std::string> read_model_list(std::string_view body);

}  // namespace spidergate::providers
