#pragma once
#include "asked.hpp"

#include <spidergate/openai/request_reader.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::providers {

/// A client's form together with the bytes that it looks at.
struct asked_form {
  using fields = std::vector<std::pair<std::string, std::string>>;
  explicit asked_form(const fields& more, const std::string& sound = "RIFFsound") : texts(more) {
    texts.insert(texts.begin(), {"file", sound});
    texts.emplace_back("model", "m");
    request.kind = model::endpoint::transcriptions;
    for (const auto& [name, text] : texts) {
      const bool file = name == "file";
      request.form.push_back(
          {.name = name, .filename = file ? "talk.wav" : "", .content_type = file ? "audio/wav" : "", .content = text});
    }
  }
  asked_form(const asked_form&) = delete;
  asked_form& operator=(const asked_form&) = delete;
  fields texts;
  model::inference_request request;
};

/// What a dialect makes of a request, as "METHOD target", headers, and the body.
struct sent {
  std::string target, headers, content_type, body, memo, refused_param, refused_message;
  std::vector<std::string> dropped;
};

inline sent send(std::string_view dialect, const model::inference_request& request, std::string_view model,
                 const catalogue::model_entry* entry = nullptr) {
  catalogue::provider provider;
  provider.id = dialect;
  provider.auth = catalogue::auth_style::header;
  provider.auth_name = "x-key";
  const credential secret{.key = secret_string("k-1"), .settings = {}};
  const std::vector<std::pair<std::string, std::string>> none;
  auto wire = find_dialect(dialect)->encode({.asked = request,
                                             .provider = provider,
                                             .base_path = "/v1",
                                             .model = model,
                                             .secret = secret,
                                             .forwarded_headers = none,
                                             .entry = entry});
  sent out;
  if (!wire) {
    out.refused_param = wire.error().param;
    out.refused_message = wire.error().message;
    return out;
  }
  out.target = wire->target;
  out.headers = wire->headers;
  out.content_type = wire->content_type;
  out.body = joined(wire->body);
  out.memo = wire->memo;
  out.dropped = wire->dropped_params;
  return out;
}

/// What a dialect makes of a whole answer.
struct heard {
  std::string out, content_type;
  answer_facts facts;
  std::optional<follow_up> next;
  std::optional<provider_error> error;
};

inline heard hear(std::string_view dialect, const model::inference_request& request, std::string body,
                  std::string_view memo = {}, std::string_view type = "application/json") {
  const std::size_t size = body.size();
  body.append(64, '\0');
  static const catalogue::provider nobody;
  auto r = find_dialect(dialect)->decode({.asked = request,
                                          .provider = nobody,
                                          .model = "m",
                                          .memo = memo,
                                          .request_id = "req_1",
                                          .now = 1'700'000'000'000},
                                         type, std::string_view(body).substr(0, size));
  heard out;
  if (!r) {
    out.error = r.error();
  } else if (auto* next = std::get_if<follow_up>(&*r)) {
    out.next = std::move(*next);
  } else {
    auto& answer = std::get<client_answer>(*r);
    out.out = joined(answer.body);
    out.content_type = answer.content_type;
    out.facts = answer.facts;
  }
  return out;
}

}  // namespace spidergate::providers
