// Whatever arrives as a provider's stream or answer: no crash, the same frames and facts however it is cut, frames that
// are JSON objects in "data: …\n\n", and memory within a multiple of the input.
#include "allocated.hpp"
#include "cut_at_random.hpp"

#include <spidergate/json/reader.hpp>
#include <spidergate/openai/request_reader.hpp>
#include <spidergate/providers/dialect.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

using namespace spidergate;
using fuzz::require;

namespace {

struct decoding {
  std::string out;
  bool fed = true;
  bool complete = false;
  providers::stream_facts facts;

  void require_same(const decoding& other) const {
    require(out == other.out && fed == other.fed && complete == other.complete);
    require(facts.content_seen == other.facts.content_seen && facts.content_bytes == other.facts.content_bytes);
    require(facts.done == other.facts.done && facts.finished == other.facts.finished);
    require(facts.usage.has_value() == other.facts.usage.has_value() &&
            facts.usage_impossible == other.facts.usage_impossible);
    require(facts.error.has_value() == other.facts.error.has_value());
    if (facts.error) require(facts.error->message == other.facts.error->message && facts.error->message.size() <= 1200);
  }
};

providers::answer_input about(const model::inference_request& asked) {
  static const catalogue::provider nobody;
  return {.asked = asked, .provider = nobody, .model = "m"};
}

decoding decode(const model::inference_request& asked, const std::vector<std::string_view>& pieces) {
  decoding d;
  const auto decoder = providers::find_dialect("openai")->open_stream(about(asked), "text/event-stream");
  for (const auto piece : pieces) {
    const auto exact = std::make_unique<char[]>(piece.size());
    piece.copy(exact.get(), piece.size());
    d.fed = decoder->feed({exact.get(), piece.size()}, d.out);
    if (!d.fed) break;
  }
  d.complete = d.fed && decoder->end(d.out);
  d.facts = decoder->facts();
  return d;
}

void check_frames(std::string_view out) {
  json::reader reader;
  while (!out.empty()) {
    require(out.starts_with("data: "));
    const auto end = out.find("\n\n");
    require(end != std::string_view::npos);
    const auto data = out.substr(6, end - 6);
    require(data.find('\n') == std::string_view::npos && data.find('\r') == std::string_view::npos);
    require(reader.read(data, json::surrogates::any) && reader.root().is(json::kind::object));
    require(reader.root().find("choices").is(json::kind::array));
    out.remove_prefix(end + 2);
  }
}

void check_answer(const model::inference_request& asked, std::string_view body) {
  const auto& dialect = *providers::find_dialect("openai");
  const fuzz::allocation_watch watch;
  const auto answer = dialect.decode(about(asked), "application/json", body);
  const auto error = dialect.decode_error(500, {}, body);
  require(watch.peak() <= 20 * body.size() + 256 * 1024);
  require(error.message.size() <= 1200);
  if (!answer) return;
  std::string out;
  for (const auto piece : std::get<providers::client_answer>(*answer).body) out += piece;
  json::reader reader;
  require(reader.read(out, json::surrogates::any));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  static const std::string bodies[]{
      R"({"model":"m","messages":[{"role":"user","content":"a"}],"stream":true})",
      R"({"model":"m","messages":[{"role":"user","content":"a"}],"stream":true,"stream_options":{"include_usage":true}})",
      R"({"model":"m","input":"a","encoding_format":"base64"})", R"({"model":"m","input":"a"})"};
  for (int i = 0; i < 2; ++i) {
    const auto asked = openai::read_request(model::endpoint::chat, bodies[i]);
    const auto arrivals = fuzz::all_arrivals(input);
    const fuzz::allocation_watch watch;
    const auto whole = decode(*asked, arrivals.front());
    require(watch.peak() <= 20 * size + 256 * 1024);
    if (whole.fed) check_frames(whole.out);
    for (const auto& pieces : arrivals) decode(*asked, pieces).require_same(whole);
  }
  check_answer(*openai::read_request(model::endpoint::chat, bodies[0]), input);
  for (int i = 2; i < 4; ++i) check_answer(*openai::read_request(model::endpoint::embeddings, bodies[i]), input);
  return 0;
}
