#pragma once
#include <cstdint>
#include <string_view>

namespace spidergate::providers::bedrock {

/// Whose body InvokeModel takes and gives, by the model's id.
enum class invoke_model : std::uint8_t {
  unknown,
  titan_text,        ///< amazon.titan-embed-text-v1, -g1
  titan_text_v2,     ///< amazon.titan-embed-text-v2
  titan_multimodal,  ///< amazon.titan-embed-image-v1
  nova_embeddings,   ///< amazon.nova-2-multimodal-embeddings-v1
  cohere_embed,      ///< cohere.embed-*-v3
  cohere_embed_v4,
  amazon_image,     ///< amazon.nova-canvas, amazon.titan-image-generator
  stability_image,  ///< stability.sd3*, stable-image-core, stable-image-ultra
  cohere_rerank,
};
[[nodiscard]] invoke_model invoke_model_of(std::string_view id) noexcept;
[[nodiscard]] inline bool invoke_model_is_sd3(std::string_view id) noexcept {
  return id.find("stability.sd3") != std::string_view::npos;
}

}  // namespace spidergate::providers::bedrock
