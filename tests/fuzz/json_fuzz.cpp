// Whatever arrives as a request body: no crash; what is taken encodes to JSON that says the same but for the fields
// that are ours, and what is refused gets a short message. No byte behind the text is read, and memory stays within a
// multiple of it.
#include "allocated.hpp"
#include "cut_at_random.hpp"

#include <spidergate/json/reader.hpp>
#include <spidergate/openai/request_reader.hpp>
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>

using namespace spidergate;
using fuzz::require;

namespace {

bool ours(std::string_view name) {
  return name == "spidergate_options" || name == "x-routing-hints" || name == "x-fallback-chain" ||
         name == "strict_params" || name == "include_route_trace" || name == "include_receipt" || name == "drop_params";
}

void check_encoding(const model::inference_request& asked) {
  catalogue::provider provider;
  provider.renames = {{"max_completion_tokens", "max_tokens"}};
  const providers::credential secret{secret_string("sk-secret"), {}};
  const auto encoded = providers::find_dialect("openai")->encode({asked, provider, "/v1", "served\"model", secret, {}});
  require(encoded.has_value());
  const auto& wire = *encoded;
  std::string body;
  for (const auto piece : wire.body) body += piece;
  json::reader sent, said;
  require(sent.read(body) && said.read(asked.body));
  require(sent.root().find("model").text() == "served\"model");
  for (const auto& m : sent.root().members()) require(!ours(m.name));
  for (const auto& m : said.root().members()) {
    if (ours(m.name) || m.name == "model" || m.name == "stream_options" || m.name == "max_completion_tokens") continue;
    require(sent.root().find(m.name).raw() == said.root().find(m.name).raw());
  }
  const bool streams =
      asked.stream && asked.kind != model::endpoint::embeddings && asked.kind != model::endpoint::moderations;
  if (streams) require(sent.root().find("stream_options").find("include_usage").boolean() == true);
}

void check_walk(json::value v, int depth) {
  require(depth <= 128 && !v.raw().empty());
  require(v.literal().empty() || json::unescaped_size(v.literal()) == v.text().size());
  for (const auto& m : v.members()) {
    require(m.whole().starts_with('"') && m.whole().ends_with(m.value.raw()));
    check_walk(m.value, depth + 1);
  }
  for (const auto element : v.elements()) check_walk(element, depth + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // A copy of its own, so that the sanitizer sees a read behind its end.
  const auto exact = std::make_unique<char[]>(size);
  std::copy(data, data + size, exact.get());
  const std::string_view text(exact.get(), size);
  {
    json::reader reader;
    if (reader.read(text, json::surrogates::any))
      check_walk(reader.root(), 1);
    else
      require(reader.failure().offset <= text.size() && !reader.failure().message.empty());
  }
  for (const auto kind : {model::endpoint::chat, model::endpoint::completions, model::endpoint::embeddings,
                          model::endpoint::moderations}) {
    const fuzz::allocation_watch watch;
    const auto read = openai::read_request(kind, text);
    require(watch.peak() <= 20 * size + 256 * 1024);
    if (!read) {
      require(read.error().message.size() < 3000 && read.error().status() == 400);
      continue;
    }
    require(read->estimated_prompt_tokens >= 0);
    check_encoding(*read);
  }
  return 0;
}
