#include "vertex_dialect.hpp"

#include "../chat/chat_request.hpp"
#include "../google/access_token.hpp"
#include "../wire_headers.hpp"

#include <algorithm>

namespace spidergate::providers::vertex {

namespace {

constexpr std::string_view publisher = "google/";

/// Models of other publishers, which do not speak as Google's do.
bool is_foreign(std::string_view model) {
  for (const std::string_view family : {"codestral", "mistral", "jamba", "llama", "claude", "medlm", "chirp"}) {
    if (model.starts_with(family)) return true;
  }
  return model.find('/') != std::string_view::npos && !model.starts_with(publisher) &&
         !model.starts_with("publishers/") && !model.starts_with("endpoints/");
}

}  // namespace

boost::system::result<std::optional<token_request>, refusal> vertex_dialect::ask_token(
    const catalogue::provider& provider, const credential& secret, epoch_ms now) const {
  return google::ask_access_token(provider, secret, now);
}

boost::system::result<access_token, provider_error> vertex_dialect::read_token(int status,
                                                                               std::string_view body) const {
  return google::read_access_token(status, body);
}

boost::system::result<wire_request, refusal> vertex_dialect::encode(const encode_input& in) const {
  if (is_foreign(in.model))
    return chat::cannot(in, "model", "speaks of Google's own models here; this one is another publisher's");
  return gemini_dialect::encode(in);
}

gemini::gemini_dialect::service vertex_dialect::service_of(const encode_input& in) const {
  const bool beta = in.base_path.find("/v1beta") != std::string_view::npos;
  return {
      .call_ids = beta, .files = false, .video_links_typed = true, .declares_mixing = false, .embeds_by_predict = true};
}

/// A tuned model is a number: the endpoint that it was deployed to.
std::string vertex_dialect::path_of(std::string_view model) const {
  if (model.starts_with("publishers/") || model.starts_with("endpoints/")) return "/" + std::string(model);
  const bool number =
      !model.empty() && std::all_of(model.begin(), model.end(), [](char c) { return c >= '0' && c <= '9'; });
  std::string path = number ? "/endpoints/" : "/publishers/google/models/";
  if (model.starts_with(publisher)) model.remove_prefix(publisher.size());
  append_percent_encoded(path, model);
  return path;
}

}  // namespace spidergate::providers::vertex
