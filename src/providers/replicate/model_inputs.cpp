#include "model_inputs.hpp"

#include <algorithm>
#include <array>

namespace spidergate::providers::replicate {

namespace {

constexpr std::array<std::string_view, 4> openai_plain{"temperature", "top_p", "frequency_penalty", "presence_penalty"};
constexpr std::array<std::string_view, 2> google_plain{"temperature", "top_p"};
constexpr std::array<std::string_view, 6> open_plain{"temperature",      "top_p", "top_k", "frequency_penalty",
                                                     "presence_penalty", "seed"};

// The first whose name the model's begins with.
struct chat_row {
  std::string_view prefix;
  chat_inputs inputs;
};
constexpr chat_inputs of_openai{.system = "system_prompt",
                                .length = "max_completion_tokens",
                                .images = "image_input",
                                .several_images = true,
                                .messages = true,
                                .plain = openai_plain};
constexpr chat_inputs of_openai_reasoning{.system = "system_prompt",
                                          .length = "max_completion_tokens",
                                          .images = "image_input",
                                          .several_images = true,
                                          .messages = true,
                                          .effort = true,
                                          .plain = {}};
constexpr chat_inputs of_anthropic{.system = "system_prompt", .least_length = 1024, .images = "image", .plain = {}};
constexpr chat_inputs of_anthropic_thinking{.system = "system_prompt",
                                            .least_length = 1024,
                                            .images = "image",
                                            .thinking_budget = "thinking_budget_tokens",
                                            .thinking_switch = "extended_thinking",
                                            .plain = {}};
constexpr chat_inputs of_gemini{.system = "system_instruction",
                                .length = "max_output_tokens",
                                .images = "images",
                                .several_images = true,
                                .plain = google_plain};
constexpr chat_inputs of_gemini_2_5{.system = "system_instruction",
                                    .length = "max_output_tokens",
                                    .images = "images",
                                    .several_images = true,
                                    .thinking_budget = "thinking_budget",
                                    .plain = google_plain};
constexpr chat_inputs of_llama_2{
    .system = "system_prompt", .length = "max_new_tokens", .stop = "stop_sequences", .plain = open_plain};
constexpr chat_inputs of_llama{.system = "system_prompt", .stop = "stop_sequences", .plain = open_plain};
constexpr chat_inputs of_granite{.system = "system_prompt", .plain = open_plain};
constexpr chat_inputs of_others{.plain = openai_plain};

constexpr std::array<chat_row, 13> chat_rows{{{"openai/gpt-oss", of_others},
                                              {"openai/o1", of_openai_reasoning},
                                              {"openai/o3", of_openai_reasoning},
                                              {"openai/o4", of_openai_reasoning},
                                              {"openai/gpt-5", of_openai_reasoning},
                                              {"openai/", of_openai},
                                              {"anthropic/claude-3.7-sonnet", of_anthropic_thinking},
                                              {"anthropic/claude-4-sonnet", of_anthropic_thinking},
                                              {"anthropic/", of_anthropic},
                                              {"google/gemini-2.5", of_gemini_2_5},
                                              {"google/", of_gemini},
                                              {"meta/llama-2", of_llama_2},
                                              {"meta/", of_llama}}};

struct picture_row {
  std::string_view prefix;
  picture_inputs inputs;
};
constexpr std::array<picture_row, 9> picture_rows{{{"black-forest-labs/flux-schnell", {.count = "num_outputs"}},
                                                   {"black-forest-labs/flux-dev", {.count = "num_outputs"}},
                                                   {"black-forest-labs/", {}},
                                                   {"google/", {}},
                                                   {"ideogram-ai/", {}},
                                                   {"recraft-ai/", {.ratio = false, .size_as_is = true}},
                                                   {"stability-ai/sdxl", {.ratio = false, .count = "num_outputs"}},
                                                   {"stability-ai/stable-diffusion-3", {}},
                                                   {"bytedance/", {}}}};

}  // namespace

const chat_inputs& chat_inputs_of(std::string_view model) {
  static constexpr chat_inputs others = of_others, granite = of_granite;
  if (model.starts_with("ibm-granite/")) return granite;
  const auto row = std::find_if(chat_rows.begin(), chat_rows.end(),
                                [model](const chat_row& r) { return model.starts_with(r.prefix); });
  return row == chat_rows.end() ? others : row->inputs;
}

const picture_inputs& picture_inputs_of(std::string_view model) {
  static constexpr picture_inputs others{.ratio = false};
  const auto row = std::find_if(picture_rows.begin(), picture_rows.end(),
                                [model](const picture_row& r) { return model.starts_with(r.prefix); });
  return row == picture_rows.end() ? others : row->inputs;
}

}  // namespace spidergate::providers::replicate
