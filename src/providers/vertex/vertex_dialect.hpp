#pragma once
#include "../gemini/gemini_dialect.hpp"

#include <string>
#include <string_view>

namespace spidergate::providers::vertex {

/// Google's models on Vertex AI: the Gemini API's bodies, below a project and a region, with access tokens of Google
/// Cloud. What differs: embeddings answer :predict, v1 knows no ids of function calls and no Files API. Stateless.
class vertex_dialect final : public gemini::gemini_dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "vertex"; }
  [[nodiscard]] boost::system::result<std::optional<token_request>, refusal> ask_token(
      const catalogue::provider& provider, const credential& secret, epoch_ms now) const override;
  [[nodiscard]] boost::system::result<access_token, provider_error> read_token(int status,
                                                                               std::string_view body) const override;
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;

 protected:
  [[nodiscard]] service service_of(const encode_input& in) const override;
  [[nodiscard]] std::string path_of(std::string_view model) const override;
};

}  // namespace spidergate::providers::vertex
