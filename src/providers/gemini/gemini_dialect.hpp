#pragma once
#include <spidergate/providers/dialect.hpp>

#include <string>
#include <string_view>

namespace spidergate::providers::gemini {

/// Google's Gemini API (generateContent and its kin). Stateless. Vertex AI speaks the same bodies at other paths and
/// derives from this.
class gemini_dialect : public dialect {
 public:
  [[nodiscard]] std::string_view name() const noexcept override { return "gemini"; }
  /// Chat, embeddings, images (Imagen and Gemini's own) and speech.
  [[nodiscard]] bool serves(model::endpoint kind) const noexcept override;
  [[nodiscard]] boost::system::result<wire_request, refusal> encode(const encode_input& in) const override;
  [[nodiscard]] boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const override;
  [[nodiscard]] std::unique_ptr<stream_decoder> open_stream(const answer_input& in,
                                                            std::string_view content_type) const override;
  [[nodiscard]] provider_error decode_error(int status, header_fields fields, std::string_view body) const override;

 protected:
  /// What differs between the two services.
  struct service {
    bool call_ids = true;            ///< the API knows ids of function calls
    bool files = true;               ///< "files/…" of the Files API can be named
    bool video_links_typed = false;  ///< a link to YouTube wants a MIME type
    bool declares_mixing = true;     ///< tools beside a search must be announced in toolConfig
    bool embeds_by_predict = false;  ///< text-embedding models answer :predict
  };
  [[nodiscard]] virtual service service_of(const encode_input& in) const;
  /// Where a model is, behind the base path: "/models/gemini-2.5-pro".
  [[nodiscard]] virtual std::string path_of(std::string_view model) const;

 private:
  [[nodiscard]] boost::system::result<void, refusal> encode_chat(const encode_input& in, wire_request& wire) const;
  [[nodiscard]] boost::system::result<void, refusal> encode_embeddings(const encode_input& in,
                                                                       wire_request& wire) const;
  [[nodiscard]] boost::system::result<void, refusal> encode_images(const encode_input& in, wire_request& wire) const;
  [[nodiscard]] boost::system::result<void, refusal> encode_speech(const encode_input& in, wire_request& wire) const;
  /// Sets target and headers.
  void address(const encode_input& in, std::string_view verb, wire_request& wire) const;
};

}  // namespace spidergate::providers::gemini
