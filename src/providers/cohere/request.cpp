#include "../chat/chat_request.hpp"
#include "../openai/openai_dialect.hpp"
#include "../wire_headers.hpp"
#include "cohere_dialect.hpp"

#include <spidergate/core/json_text.hpp>

#include <array>

namespace spidergate::providers::cohere {

namespace {

using model::endpoint;
using done = boost::system::result<void, refusal>;

std::string_view path_of(endpoint kind) {
  switch (kind) {
    case endpoint::embeddings:
      return "/embed";
    case endpoint::rerank:
      return "/rerank";
    default:
      return "/chat";
  }
}

void append_member(std::string& out, std::string_view name, std::string_view raw) {
  out.append(",\"").append(name).append("\":").append(raw);
}

/// The client's member of that name as it stands, under another name where that is given.
bool pass(const encode_input& in, std::string& out, std::string_view name, std::string_view as = {}) {
  const auto* m = in.asked.find(name);
  if (m == nullptr || m->value == "null") return false;
  append_member(out, as.empty() ? name : as, m->value);
  return true;
}

/// Texts: a document that is an object is its text, or, where it is more than that, its JSON.
void write_documents(const encode_input& in, std::string& out) {
  const auto* documents = in.asked.find("documents");
  auto& reader = openai::thread_reader();
  if (documents == nullptr || !reader.read(documents->value)) return;
  out.append(",\"documents\":[");
  for (const auto document : reader.root().elements()) {
    std::size_t members = 0;
    for ([[maybe_unused]] const auto& m : document.members()) ++members;
    const auto text = document.find("text");
    if (members == 1 && text.is(json::kind::string)) {
      out.append(text.raw());
    } else if (members > 0) {
      append_json_string(out, document.raw());
    } else {
      out.append(document.raw());
    }
    out.push_back(',');
  }
  if (out.back() == ',') out.pop_back();
  out.push_back(']');
}

}  // namespace

bool cohere_dialect::serves(endpoint kind) const noexcept {
  return kind == endpoint::chat || kind == endpoint::embeddings || kind == endpoint::rerank;
}

boost::system::result<wire_request, refusal> cohere_dialect::encode(const encode_input& in) const {
  wire_request wire;
  wire.target.append(in.base_path).append(path_of(in.asked.kind));
  append_query_credential(wire.target, in.provider, in.secret);
  const bool streams = in.asked.kind == endpoint::chat && in.asked.stream;
  wire.headers.append(streams ? "accept: text/event-stream\r\n" : "accept: application/json\r\n");
  append_credential(wire.headers, in.provider, in.secret);
  append_forwarded(wire.headers, in);
  auto body = std::make_unique<std::string>("{\"model\":");
  body->reserve(in.asked.body.size() + 256);
  append_json_string(*body, in.model);
  const auto write = in.asked.kind == endpoint::chat         ? write_chat
                     : in.asked.kind == endpoint::embeddings ? write_embed
                                                             : write_rerank;
  if (auto written = write(in, wire, *body); !written) return written.error();
  body->push_back('}');
  wire.body.push_back(*body);
  wire.owned.push_back(std::move(body));
  return wire;
}

done write_embed(const encode_input& in, wire_request& wire, std::string& out) {
  constexpr std::array<std::string_view, 6> carried{"input",      "dimensions", "encoding_format",
                                                    "input_type", "truncate",   "priority"};
  const auto* input = in.asked.find("input");
  auto& reader = openai::thread_reader();
  if (input == nullptr || !reader.read(input->value)) return chat::cannot(in, "input", "needs a text to embed");
  const auto root = reader.root();
  if (root.is(json::kind::string)) {
    append_member(out, "texts", "[" + std::string(input->value) + "]");
  } else {
    for (const auto text : root.elements()) {
      if (!text.is(json::kind::string)) return chat::cannot(in, "input", "embeds texts only, no tokens");
    }
    append_member(out, "texts", input->value);
  }
  // Its newer models insist on knowing what the vector is for. A store of documents is the usual reason to embed.
  if (!pass(in, out, "input_type")) out.append(R"(,"input_type":"search_document")");
  out.append(R"(,"embedding_types":["float"])");
  pass(in, out, "dimensions", "output_dimension");
  pass(in, out, "truncate");
  pass(in, out, "priority");
  return chat::drop_others(in, carried, wire);
}

done write_rerank(const encode_input& in, wire_request& wire, std::string& out) {
  constexpr std::array<std::string_view, 6> carried{"query",    "documents",          "top_n",
                                                    "priority", "max_tokens_per_doc", "return_documents"};
  pass(in, out, "query");
  write_documents(in, out);
  pass(in, out, "top_n");
  pass(in, out, "max_tokens_per_doc");
  pass(in, out, "priority");
  return chat::drop_others(in, carried, wire);
}

}  // namespace spidergate::providers::cohere
