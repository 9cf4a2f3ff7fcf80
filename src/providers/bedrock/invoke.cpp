#include "invoke.hpp"

#include "../chat/chat_request.hpp"
#include "invoke_models.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace spidergate::providers::bedrock {

namespace {

using outcome = boost::system::result<void, refusal>;
using model::endpoint;

/// The request's texts as string literals with their quotes; nothing where there are tokens in their place.
std::optional<std::vector<std::string_view>> texts_of(json::value input) {
  std::vector<std::string_view> texts;
  if (input.is(json::kind::string)) texts.push_back(input.raw());
  for (const auto element : input.elements()) {
    if (!element.is(json::kind::string)) return std::nullopt;
    texts.push_back(element.raw());
  }
  if (texts.empty()) return std::nullopt;
  return texts;
}

std::int64_t number_or(json::value v, std::int64_t otherwise) {
  return v.whole_number().value_or(otherwise);
}

class invocation_writer {
 public:
  invocation_writer(const encode_input& in, json::value asked, wire_request& wire, std::string& text)
      : in_(in), asked_(asked), wire_(wire), out_(text) {}

  outcome write() {
    switch (invoke_model_of(in_.model)) {
      case invoke_model::titan_text:
      case invoke_model::titan_text_v2:
      case invoke_model::titan_multimodal:
      case invoke_model::nova_embeddings:
        return one_embedding();
      case invoke_model::cohere_embed:
      case invoke_model::cohere_embed_v4:
        return cohere_embeddings();
      case invoke_model::amazon_image:
        return amazon_image();
      case invoke_model::stability_image:
        return stability_image();
      case invoke_model::cohere_rerank:
        return rerank();
      case invoke_model::unknown:
        break;
    }
    return unknown();
  }

 private:
  outcome unknown() const {
    return chat::cannot(in_, "model",
                        "documents no request body for this model at this endpoint; InvokeModel serves Titan, Nova and "
                        "Cohere embeddings, Nova Canvas, Titan and Stability images, Cohere Rerank");
  }
  outcome fits(endpoint kind) const { return in_.asked.kind == kind ? outcome() : unknown(); }
  outcome keep(std::initializer_list<std::string_view> carried) {
    const std::vector<std::string_view> names(carried);
    return chat::drop_others(in_, names, wire_);
  }
  void put_if(std::string_view name, std::string_view from) {
    if (const auto v = asked_.find(from); v.given()) out_.key(name).raw(v.raw());
  }

  outcome one_embedding() {
    if (auto sound = fits(endpoint::embeddings); !sound) return sound;
    if (auto kept = keep({"input", "dimensions", "encoding_format", "normalize"}); !kept) return kept;
    const auto texts = texts_of(asked_.find("input"));
    if (!texts) return chat::cannot(in_, "input", "takes text, not tokens");
    if (texts->size() > 1) return chat::cannot(in_, "input", "takes one text in a request with this model");
    const auto dimensions = asked_.find("dimensions");
    out_.begin_object();
    switch (invoke_model_of(in_.model)) {
      case invoke_model::titan_text_v2:
        out_.key("inputText").raw(texts->front());
        put_if("dimensions", "dimensions");
        put_if("normalize", "normalize");
        break;
      case invoke_model::titan_multimodal:
        out_.key("inputText").raw(texts->front());
        if (dimensions.given())
          out_.key("embeddingConfig").begin_object().key("outputEmbeddingLength").raw(dimensions.raw()).end_object();
        break;
      case invoke_model::nova_embeddings:
        out_.key("taskType").string("SINGLE_EMBEDDING").key("singleEmbeddingParams").begin_object();
        out_.key("embeddingPurpose").string("GENERIC_INDEX");
        put_if("embeddingDimension", "dimensions");
        out_.key("text").begin_object().key("truncationMode").string("END").key("value").raw(texts->front());
        out_.end_object().end_object();
        break;
      default:
        if (dimensions.given()) return chat::cannot(in_, "dimensions", "gives vectors of one size with this model");
        out_.key("inputText").raw(texts->front());
        break;
    }
    out_.end_object();
    return {};
  }

  outcome cohere_embeddings() {
    if (auto sound = fits(endpoint::embeddings); !sound) return sound;
    if (auto kept = keep({"input", "dimensions", "encoding_format", "input_type", "truncate"}); !kept) return kept;
    const auto texts = texts_of(asked_.find("input"));
    if (!texts) return chat::cannot(in_, "input", "takes text, not tokens");
    const bool newer = invoke_model_of(in_.model) == invoke_model::cohere_embed_v4;
    if (asked_.find("dimensions").given() && !newer)
      return chat::cannot(in_, "dimensions", "gives vectors of one size with this model");
    out_.begin_object().key("texts").begin_array();
    for (const auto text : *texts) out_.raw(text);
    out_.end_array();
    // The model wants to be told; what is stored to be searched is the customary answer.
    out_.key("input_type");
    asked_.find("input_type").given() ? out_.raw(asked_.find("input_type").raw()) : out_.string("search_document");
    put_if("truncate", "truncate");
    if (newer) {
      out_.key("embedding_types").raw(R"(["float"])");
      put_if("output_dimension", "dimensions");
    }
    out_.end_object();
    return {};
  }

  /// "1024x1536"; 0 where the size is left to the model.
  std::pair<std::int64_t, std::int64_t> size() const {
    const auto text = asked_.find("size").literal();
    std::int64_t width = 0, height = 0;
    const auto* end = text.data() + text.size();
    const auto [cross, bad_width] = std::from_chars(text.data(), end, width);
    if (bad_width != std::errc{} || cross == end || *cross != 'x') return {0, 0};
    const auto [rest, bad_height] = std::from_chars(cross + 1, end, height);
    if (bad_height != std::errc{} || rest != end || width <= 0 || height <= 0) return {0, 0};
    return {width, height};
  }

  outcome amazon_image() {
    if (auto sound = fits(endpoint::images); !sound) return sound;
    if (auto kept = keep({"prompt", "n", "size", "quality", "response_format", "seed", "negative_prompt", "cfg_scale"});
        !kept)
      return kept;
    out_.begin_object().key("taskType").string("TEXT_IMAGE").key("textToImageParams").begin_object();
    out_.key("text").raw(asked_.find("prompt").raw());
    put_if("negativeText", "negative_prompt");
    out_.end_object().key("imageGenerationConfig").begin_object();
    out_.key("numberOfImages").number(number_or(asked_.find("n"), 1));
    if (const auto [width, height] = size(); width > 0) out_.key("width").number(width).key("height").number(height);
    const auto quality = asked_.find("quality").literal();
    if (quality == "hd" || quality == "high" || quality == "premium") {
      out_.key("quality").string("premium");
    } else if (!quality.empty() && quality != "auto") {
      out_.key("quality").string("standard");
    }
    put_if("cfgScale", "cfg_scale");
    put_if("seed", "seed");
    out_.end_object().end_object();
    return {};
  }

  outcome stability_image() {
    if (auto sound = fits(endpoint::images); !sound) return sound;
    if (auto kept = keep({"prompt", "n", "size", "response_format", "seed", "negative_prompt", "output_format"}); !kept)
      return kept;
    if (number_or(asked_.find("n"), 1) != 1) return chat::cannot(in_, "n", "makes one image in a request");
    out_.begin_object().key("prompt").raw(asked_.find("prompt").raw());
    if (invoke_model_is_sd3(in_.model)) out_.key("mode").string("text-to-image");
    if (const auto [width, height] = size(); width > 0) out_.key("aspect_ratio").string(ratio(width, height));
    put_if("output_format", "output_format");
    put_if("seed", "seed");
    put_if("negative_prompt", "negative_prompt");
    out_.end_object();
    return {};
  }

  /// The nearest of those that the models have.
  static std::string_view ratio(std::int64_t width, std::int64_t height) {
    using named = std::pair<std::string_view, double>;
    constexpr std::array<named, 9> known{{{"1:1", 1.0},
                                          {"16:9", 16.0 / 9},
                                          {"21:9", 21.0 / 9},
                                          {"2:3", 2.0 / 3},
                                          {"3:2", 1.5},
                                          {"4:5", 0.8},
                                          {"5:4", 1.25},
                                          {"9:16", 9.0 / 16},
                                          {"9:21", 9.0 / 21}}};
    const double wanted = static_cast<double>(width) / static_cast<double>(height);
    const auto away = [wanted](const named& one) { return std::abs(std::log(one.second / wanted)); };
    return std::min_element(known.begin(), known.end(),
                            [&away](const named& a, const named& b) { return away(a) < away(b); })
        ->first;
  }

  outcome rerank() {
    if (auto sound = fits(endpoint::rerank); !sound) return sound;
    if (auto kept = keep({"query", "documents", "top_n", "return_documents", "max_tokens_per_doc"}); !kept) return kept;
    out_.begin_object().key("query").raw(asked_.find("query").raw()).key("documents").begin_array();
    for (const auto document : asked_.find("documents").elements()) {
      const auto text = document.find("text");
      out_.raw(text.is(json::kind::string) ? text.raw() : document.raw());
    }
    out_.end_array();
    put_if("top_n", "top_n");
    put_if("max_tokens_per_doc", "max_tokens_per_doc");
    out_.key("api_version").number(2).end_object();
    return {};
  }

  const encode_input& in_;
  json::value asked_;
  wire_request& wire_;
  json_writer out_;
};

}  // namespace

outcome write_invocation(const encode_input& in, wire_request& wire) {
  thread_local json::reader reader;
  if (!reader.read(in.asked.body))
    return refusal{{}, "The request is not valid JSON: " + reader.failure().message + "."};
  if (in.entry != nullptr && in.entry->api == catalogue::own_endpoint::image_edit)
    return chat::cannot(in, "model", "edits images with this model, and makes none from a prompt alone");
  auto text = std::make_unique<std::string>();
  if (auto written = invocation_writer(in, reader.root(), wire, *text).write(); !written) return written;
  wire.body.push_back(*text);
  wire.owned.push_back(std::move(text));
  return {};
}

}  // namespace spidergate::providers::bedrock
