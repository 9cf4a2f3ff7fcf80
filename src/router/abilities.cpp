#include "abilities.hpp"

namespace spidergate::router {
namespace {

using verdict = ability::verdict;

std::string_view dialect_of(const candidate& what) {
  return what.entry != nullptr && !what.entry->dialect.empty() ? what.entry->dialect : what.provider->dialect;
}

struct endpoint_demand {
  catalogue::mode mode;
  std::string_view endpoint;  ///< in providers.csv
  std::string_view words;
};

endpoint_demand demand_of(model::endpoint kind) {
  switch (kind) {
    case model::endpoint::embeddings:
      return {catalogue::mode::embedding, "embeddings", "makes no embeddings"};
    case model::endpoint::moderations:
      return {catalogue::mode::moderation, "moderation", "is no moderation model"};
    case model::endpoint::images:
      return {catalogue::mode::image, "images", "makes no images"};
    case model::endpoint::speech:
      return {catalogue::mode::audio_speech, "audio_speech", "does not speak"};
    case model::endpoint::transcriptions:
    case model::endpoint::translations:
      return {catalogue::mode::audio_transcription, "audio_transcription", "transcribes no sound"};
    case model::endpoint::rerank:
      return {catalogue::mode::rerank, "rerank", "ranks no documents"};
    case model::endpoint::chat:
    case model::endpoint::completions:
      break;
  }
  return {catalogue::mode::chat, "chat", "is no chat model"};
}

ability judge_endpoint(const candidate& what, model::endpoint kind) {
  const auto demand = demand_of(kind);
  if (what.entry == nullptr || what.entry->discovered) {
    if (what.provider->has_endpoint(demand.endpoint)) return {};
    return {verdict::no, "has no " + std::string(demand.endpoint) + " endpoint"};
  }
  if (what.entry->mode != demand.mode) return {verdict::no, std::string(demand.words)};
  if (what.entry->api == catalogue::own_endpoint::responses) return {verdict::no, "answers on /responses only"};
  if (what.entry->api == catalogue::own_endpoint::image_edit) return {verdict::no, "changes images, and makes none"};
  return {};
}

/// A list that names a model's inputs and its tools tells "no" from silence; JSON schemas and files are often left out
/// by all of them.
ability judge_needs(const catalogue::model_entry& entry, const model::request_needs& needs) {
  if (!entry.capabilities_stated) return {};
  if (needs.tools && !entry.tools) return {verdict::no, "takes no tools"};
  if (needs.images && !entry.image_in && !entry.vision) return {verdict::no, "takes no images"};
  if (needs.audio && !entry.audio_in) return {verdict::no, "takes no audio"};
  if (needs.json_schema && !entry.json_schema) return {verdict::not_said, "is not said to follow a JSON schema"};
  if (needs.files && !entry.pdf_in) return {verdict::not_said, "is not said to take files"};
  return {};
}

}  // namespace

model::endpoint endpoint_for(catalogue::mode what) noexcept {
  using model::endpoint;
  for (const auto kind : {endpoint::embeddings, endpoint::moderations, endpoint::images, endpoint::speech,
                          endpoint::transcriptions, endpoint::rerank}) {
    if (demand_of(kind).mode == what) return kind;
  }
  return endpoint::chat;
}

ability judge(const candidate& what, const model::inference_request& asked, served_by served) {
  const auto dialect = dialect_of(what);
  if (!served(dialect, asked.kind)) {
    const auto kind = std::string(model::endpoint_name(asked.kind));
    return {verdict::no, "speaks the dialect '" + std::string(dialect) + "', which does not serve " + kind + " here"};
  }
  auto found = judge_endpoint(what, asked.kind);
  if (found.answer != verdict::yes || what.entry == nullptr || what.entry->mode != catalogue::mode::chat) return found;
  return judge_needs(*what.entry, asked.needs);
}

}  // namespace spidergate::router
