#include "nomic_dialect.hpp"

#include "../chat/answer.hpp"
#include "../chat/chat_request.hpp"
#include "../error_reading.hpp"
#include "../vector_list.hpp"
#include "../wire_headers.hpp"

#include <spidergate/core/json_text.hpp>
#include <spidergate/json/reader.hpp>

namespace spidergate::providers::nomic {

boost::system::result<wire_request, refusal> nomic_dialect::encode(const encode_input& in) const {
  json::reader reader;
  const auto* input = in.asked.find("input");
  if (input == nullptr || !reader.read(input->value)) return chat::cannot(in, "input", "embeds text only");
  auto text = std::make_unique<std::string>();
  json_writer out(*text);
  out.begin_object().key("model").string(in.model).key("texts").begin_array();
  if (reader.root().is(json::kind::string)) out.raw(reader.root().raw());
  for (const auto one : reader.root().elements()) {
    if (!one.is(json::kind::string)) return chat::cannot(in, "input", "embeds text, not token numbers");
    out.raw(one.raw());
  }
  out.end_array();
  wire_request wire;
  for (const auto& m : in.asked.members) {
    if (m.value == "null") continue;
    if (m.name == "dimensions") out.key("dimensionality").raw(m.value);
    if (m.name == "task_type" || m.name == "long_text_mode" || m.name == "max_tokens_per_text") {
      out.key(m.name).raw(m.value);
    }
    if (m.name == "user") chat::drop(wire, m.name);
  }
  out.end_object();
  wire.target = std::string(in.base_path) + "/embedding/text";
  wire.headers = "accept: application/json\r\n";
  append_credential(wire.headers, in.provider, in.secret);
  append_forwarded(wire.headers, in);
  wire.body.emplace_back(*text);
  wire.owned.push_back(std::move(text));
  return wire;
}

boost::system::result<std::variant<client_answer, follow_up>, provider_error> nomic_dialect::decode(
    const answer_input& in, std::string_view, std::string_view body) const {
  json::reader reader;
  if (!reader.read(json::without_bom(body), json::surrogates::any) ||
      !reader.root().find("embeddings").is(json::kind::array)) {
    return not_an_answer("The provider's answer holds no 'embeddings'.");
  }
  const auto root = reader.root();
  vector_list list;
  for (const auto vector : root.find("embeddings").elements()) {
    if (!vector.is(json::kind::array)) return not_an_answer("An embedding in the provider's answer is no list.");
    list.add(vector.raw());
  }
  std::optional<model::usage> used;
  chat::usage_figures figures;
  if (const auto count = root.find("usage").find("prompt_tokens"); count.given()) {
    used.emplace().prompt = figures.read(count);
    if (figures.impossible()) used.reset();
  }
  const auto named = root.find("model");
  return std::variant<client_answer, follow_up>(
      list.finish(in, named.is(json::kind::string) ? named.raw() : std::string_view(), used));
}

}  // namespace spidergate::providers::nomic
