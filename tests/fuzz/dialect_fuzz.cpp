// Whatever arrives in a dialect's name: no crash, JSON for the client, the same however a stream is cut, memory within
// a multiple of the input; and whatever a client asks: JSON for the provider, or a refusal.
//
// An input is a line "<dialect> <mode>" and the bytes behind it; where the line is something else, its first two bytes
// choose. Modes: answer, embeddings, rerank, images (a whole answer), stream, error, request (a client's chat request).
#include "allocated.hpp"
#include "cut_at_random.hpp"

#include <spidergate/json/reader.hpp>
#include <spidergate/openai/request_reader.hpp>
#include <spidergate/providers/dialect.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>

using namespace spidergate;
using fuzz::require;
using model::endpoint;

namespace {

constexpr std::array<std::string_view, 7> modes{"answer", "embeddings", "rerank", "images",
                                                "stream", "error",      "request"};

struct choice {
  const providers::dialect* dialect = nullptr;
  std::string_view mode, payload;
};

choice choose(std::string_view input) {
  const auto line_end = input.find('\n');
  if (line_end != std::string_view::npos) {
    const auto line = input.substr(0, line_end);
    const auto space = std::min(line.find(' '), line.size());
    const auto* named = providers::find_dialect(line.substr(0, space));
    const auto mode = std::find(modes.begin(), modes.end(), line.substr(std::min(space + 1, line.size())));
    if (named != nullptr && mode != modes.end()) return {named, *mode, input.substr(line_end + 1)};
  }
  if (input.size() < 2) return {};
  const auto& names = providers::known_dialects();
  const auto name = names[static_cast<unsigned char>(input[0]) % names.size()];
  return {providers::find_dialect(name), modes[static_cast<unsigned char>(input[1]) % modes.size()], input.substr(2)};
}

/// The bytes in memory of their own, with what a reader may look at behind them.
class own_copy {
 public:
  explicit own_copy(std::string_view text) : bytes_(text) { bytes_.append(64, '\0'); }
  [[nodiscard]] std::string_view text() const { return std::string_view(bytes_).substr(0, bytes_.size() - 64); }

 private:
  std::string bytes_;
};

providers::answer_input about(const model::inference_request& asked) {
  static const catalogue::provider nobody;
  return {.asked = asked, .provider = nobody, .model = "m", .request_id = "req_1", .now = 1'700'000'000'000};
}

const model::inference_request& question(endpoint kind, bool stream) {
  struct kept {
    explicit kept(std::string_view body, endpoint of) : copy(body), request(*openai::read_request(of, copy.text())) {}
    own_copy copy;
    model::inference_request request;
  };
  static const kept whole(R"({"model":"m","messages":[{"role":"user","content":"a"}]})", endpoint::chat);
  static const kept flowing(
      R"({"model":"m","messages":[{"role":"user","content":"a"}],"stream":true,"stream_options":{"include_usage":true}})",
      endpoint::chat);
  static const kept vectors(R"({"model":"m","input":["a"],"encoding_format":"base64"})", endpoint::embeddings);
  static const kept ranks(R"({"model":"m","query":"q","documents":["a","b"],"return_documents":true})",
                          endpoint::rerank);
  static const kept pictures(R"({"model":"m","prompt":"a"})", endpoint::images);
  switch (kind) {
    case endpoint::embeddings:
      return vectors.request;
    case endpoint::rerank:
      return ranks.request;
    case endpoint::images:
      return pictures.request;
    default:
      return stream ? flowing.request : whole.request;
  }
}

void check_json(std::string_view text) {
  const own_copy copy(text);
  json::reader reader;
  require(reader.read(copy.text(), json::surrogates::any));
}

void check_answer(const choice& chosen, endpoint kind) {
  if (!chosen.dialect->serves(kind)) return;
  const own_copy body(chosen.payload);
  std::string out;
  const fuzz::allocation_watch watch;
  {
    const auto decoded = chosen.dialect->decode(about(question(kind, false)), "application/json", body.text());
    require(watch.peak() <= 20 * chosen.payload.size() + 256 * 1024);
    if (!decoded) return require(decoded.error().message.size() <= 1200);
    const auto* answer = std::get_if<providers::client_answer>(&*decoded);
    if (answer == nullptr || !answer->content_type.empty()) return;
    for (const auto piece : answer->body) out += piece;
  }
  check_json(out);
}

struct decoding {
  std::string out;
  bool fed = true, complete = false, events = true;
  providers::stream_facts facts;

  void require_same(const decoding& other) const {
    require(out == other.out && fed == other.fed && complete == other.complete);
    require(facts.content_seen == other.facts.content_seen && facts.content_bytes == other.facts.content_bytes);
    require(facts.done == other.facts.done && facts.finished == other.facts.finished);
    require(facts.usage == other.facts.usage && facts.usage_impossible == other.facts.usage_impossible);
    require(facts.error.has_value() == other.facts.error.has_value());
    if (facts.error) require(facts.error->message == other.facts.error->message && facts.error->message.size() <= 1200);
  }
};

decoding decode(const providers::dialect& dialect, const std::vector<std::string_view>& pieces) {
  decoding d;
  const auto decoder = dialect.open_stream(about(question(endpoint::chat, true)), "text/event-stream");
  for (const auto piece : pieces) {
    const auto exact = std::make_unique<char[]>(piece.size());
    piece.copy(exact.get(), piece.size());
    d.fed = decoder->feed({exact.get(), piece.size()}, d.out);
    if (!d.fed) break;
  }
  d.complete = d.fed && decoder->end(d.out);
  d.events = decoder->content_type().empty();
  d.facts = decoder->facts();
  return d;
}

void check_frames(std::string_view out) {
  while (!out.empty()) {
    require(out.starts_with("data: "));
    const auto end = out.find("\n\n");
    require(end != std::string_view::npos);
    const auto data = out.substr(6, end - 6);
    require(data.find('\n') == std::string_view::npos && data.find('\r') == std::string_view::npos);
    check_json(data);
    out.remove_prefix(end + 2);
  }
}

void check_stream(const choice& chosen) {
  if (!chosen.dialect->serves(endpoint::chat)) return;
  const auto arrivals = fuzz::all_arrivals(chosen.payload);
  const fuzz::allocation_watch watch;
  const auto whole = decode(*chosen.dialect, arrivals.front());
  require(watch.peak() <= 20 * chosen.payload.size() + 256 * 1024);
  if (whole.fed && whole.events) check_frames(whole.out);
  for (const auto& pieces : arrivals) decode(*chosen.dialect, pieces).require_same(whole);
}

void check_error(const choice& chosen) {
  const own_copy body(chosen.payload);
  const fuzz::allocation_watch watch;
  for (const int status : {400, 429, 503}) {
    const auto error = chosen.dialect->decode_error(status, {}, body.text());
    require(error.message.size() <= 1200 && error.type.size() <= 1200 && error.code.size() <= 1200);
  }
  require(watch.peak() <= 20 * chosen.payload.size() + 256 * 1024);
}

void check_request(const choice& chosen) {
  if (!chosen.dialect->serves(endpoint::chat)) return;
  const own_copy body(chosen.payload);
  const auto asked = openai::read_request(endpoint::chat, body.text());
  if (!asked) return;
  catalogue::provider provider;
  provider.id = "p";
  const providers::credential secret{secret_string("sk-secret"), {}};
  const fuzz::allocation_watch watch;
  const auto encoded = chosen.dialect->encode({.asked = *asked,
                                               .provider = provider,
                                               .base_path = "/v1",
                                               .model = "served\"model",
                                               .secret = secret,
                                               .forwarded_headers = {},
                                               .authority = "provider.test",
                                               .now = 1'700'000'000'000});
  require(watch.peak() <= 20 * chosen.payload.size() + 256 * 1024);
  if (!encoded) return require(!encoded.error().message.empty());
  std::string sent;
  for (const auto piece : encoded->body) sent += piece;
  if (encoded->content_type == "application/json") check_json(sent);
  // Nothing that the client says may become a header of its own.
  for (std::size_t at = encoded->headers.find('\n'); at != std::string::npos; at = encoded->headers.find('\n', at + 1))
    require(at > 0 && encoded->headers[at - 1] == '\r');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto chosen = choose({reinterpret_cast<const char*>(data), size});
  if (chosen.dialect == nullptr) return 0;
  if (chosen.mode == "answer") check_answer(chosen, endpoint::chat);
  if (chosen.mode == "embeddings") check_answer(chosen, endpoint::embeddings);
  if (chosen.mode == "rerank") check_answer(chosen, endpoint::rerank);
  if (chosen.mode == "images") check_answer(chosen, endpoint::images);
  if (chosen.mode == "stream") check_stream(chosen);
  if (chosen.mode == "error") check_error(chosen);
  if (chosen.mode == "request") check_request(chosen);
  return 0;
}
