#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/core/secret_string.hpp>
#include <spidergate/model/inference_request.hpp>
#include <spidergate/model/usage.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::providers {

/// What an attempt is made with: opened for this call, wiped after it.
struct credential {
  secret_string key;  ///< the API key; empty with auth none
  std::vector<std::pair<std::string, std::string>>
      settings;  ///< account_id, region, project, …: fill {name} in base_url
};

/// A request in the provider's dialect. The body comes in pieces, most of which are views of the client's own bytes.
struct wire_request {
  std::string_view method = "POST";
  std::string target;   ///< path and query
  std::string headers;  ///< "name: value\r\n" each, credential included: wiped by its owner after sending
  std::vector<std::string_view> body;               ///< views of the client's bytes or of `owned`
  std::vector<std::unique_ptr<std::string>> owned;  ///< what was rewritten
  std::vector<std::string> dropped_params;
};

struct encode_input {
  const model::inference_request& asked;
  const catalogue::provider& provider;
  std::string_view base_path;  ///< of the base_url, settings filled in, no trailing slash
  std::string_view model;      ///< the id as the provider wants it
  const credential& secret;
  /// Client headers that may travel on (spec 10), lower-case name and value.
  const std::vector<std::pair<std::string, std::string>>& forwarded_headers;
  /// The most tokens that the budget pays for; set only where the client set no max_tokens of its own: sent as that.
  std::optional<std::int64_t> clamped_max_tokens = std::nullopt;
};

/// How an error of the provider is to be understood.
enum class error_class : std::uint8_t {
  request_fault,        ///< the request is wrong: returned at once
  context_length,       ///< the prompt does not fit: a candidate with a larger window may serve
  invalid_credentials,  ///< 401, 403: the key
  no_such_model,        ///< 404
  rate_limited,         ///< 429 (and exhausted quota): the key rests
  overloaded,           ///< 503, 529, 5xx: the provider
  failed,               ///< anything else that another attempt may mend (408, 409, 5xx)
};

struct provider_error {
  error_class kind = error_class::failed;
  int status = 0;                          ///< HTTP, or what the in-band error says, or 0
  std::string message, type, code, param;  ///< as the provider says them, at most 1 KiB each, never holding the key
  std::optional<std::chrono::milliseconds> retry_after;
};

/// What a whole (non-streamed) answer says, beside its bytes, which go to the client.
struct answer_facts {
  std::optional<model::usage> usage;       ///< nothing when absent or impossible
  std::optional<std::int64_t> text_bytes;  ///< of the produced content, for estimates
};

/// An answer to hand to the client: pieces, mostly views of the provider's bytes.
struct client_answer {
  std::vector<std::string_view> body;
  std::vector<std::unique_ptr<std::string>> owned;
  answer_facts facts;
};

/// What a stream has said so far.
struct stream_facts {
  bool content_seen = false;  ///< a content, reasoning, refusal or tool-call delta has been produced for the client
  bool finished = false;      ///< a finish_reason came for every choice begun
  bool done = false;          ///< the provider's end mark came ("[DONE]" or its like)
  std::optional<model::usage> usage;    ///< nothing when absent or impossible
  bool usage_impossible = false;        ///< the provider sent usage that cannot be true
  std::int64_t content_bytes = 0;       ///< produced text, reasoning and arguments, for estimates
  std::optional<provider_error> error;  ///< an in-band error: nothing of it has been written to `out`
};

/// Turns a provider's stream into OpenAI's SSE frames, however the bytes are cut. Memory is bounded: one event may have
/// 1 MiB.
class stream_decoder {
 public:
  virtual ~stream_decoder() = default;
  /// Consumes bytes and appends the frames that the client gets ("data: {…}\n\n") to `out`. `[DONE]` is never appended:
  /// the caller writes it. False when the bytes are not this dialect's stream (oversize event, not JSON): facts().error
  /// says what. An error that the provider sends within the stream sets facts().error too, but is no fault of the
  /// bytes: true, and whatever follows is swallowed.
  [[nodiscard]] virtual bool feed(std::string_view bytes, std::string& out) = 0;
  /// The provider's bytes have ended. False when the stream is incomplete (no finish and no end mark) or has failed.
  /// May append a last usage chunk.
  [[nodiscard]] virtual bool end(std::string& out) = 0;
  [[nodiscard]] virtual const stream_facts& facts() const noexcept = 0;
};

/// One wire protocol. Pure: no I/O, no clock, no globals; one object serves all threads.
class dialect {
 public:
  virtual ~dialect() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  [[nodiscard]] virtual wire_request encode(const encode_input& in) const = 0;
  /// A 2xx answer. An in-band error or something that is no answer comes back as provider_error. `body` is followed by
  /// 64 readable bytes and must live as long as the answer.
  [[nodiscard]] virtual boost::system::result<client_answer, provider_error> decode(
      const model::inference_request& asked, std::string_view content_type, std::string_view body) const = 0;
  [[nodiscard]] virtual std::unique_ptr<stream_decoder> open_stream(const model::inference_request& asked) const = 0;
  /// A non-2xx answer. `headers` give retry-after and retry-after-ms.
  [[nodiscard]] virtual provider_error decode_error(int status, std::string_view retry_after,
                                                    std::string_view retry_after_ms, std::string_view body) const = 0;
};

/// What to feed to the openai dialect's stream decoder when a provider answered `stream: true` with one whole answer
/// (by its content type): the same answer as one event and the end mark. Nothing when `body` is no answer; then
/// decode() says what it is.
[[nodiscard]] std::optional<std::string> whole_answer_as_events(std::string_view body);

[[noreturn]] void throw_exception_from_error(const provider_error& error, const boost::source_location& where);

/// The dialect of that name, or null when this build does not speak it.
[[nodiscard]] const dialect* find_dialect(std::string_view name) noexcept;
[[nodiscard]] const std::vector<std::string_view>& known_dialects();

}  // namespace spidergate::providers
