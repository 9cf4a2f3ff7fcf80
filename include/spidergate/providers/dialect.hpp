#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/core/result.hpp>
#include <spidergate/core/secret_string.hpp>
#include <spidergate/core/time.hpp>
#include <spidergate/model/inference_request.hpp>
#include <spidergate/model/usage.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace spidergate::providers {

/// What an attempt is made with: opened for this call, wiped after it.
struct credential {
  secret_string key;  ///< the API key, or the access token that it was exchanged for; empty with auth none
  std::vector<std::pair<std::string, secret_string>>
      settings;  ///< account_id, region, service_account, secret_access_key, …: fill {name} in base_url

  /// The setting of that name; empty when there is none.
  [[nodiscard]] std::string_view setting(std::string_view name) const noexcept;
};

/// A request in the provider's dialect. The body comes in pieces, most of which are views of the client's own bytes.
struct wire_request {
  std::string_view method = "POST";
  std::string target;                             ///< path and query
  std::string content_type = "application/json";  ///< empty with a request that has no body
  std::string headers;  ///< "name: value\r\n" each, credential included, without content-type: wiped by its owner
  std::vector<std::string_view> body;               ///< views of the client's bytes or of `owned`
  std::vector<std::unique_ptr<std::string>> owned;  ///< what was rewritten
  std::vector<std::string> dropped_params;          ///< as the client wrote them, each once
  /// What the decoder has to know of how this was encoded ("format=tool"): handed to it as answer_input::memo.
  std::string memo;
};

/// Response header fields as they came, names in any case.
using header_fields = std::span<const std::pair<std::string_view, std::string_view>>;
[[nodiscard]] std::string_view find_header(header_fields fields, std::string_view name) noexcept;

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
  const catalogue::model_entry* entry = nullptr;  ///< what the catalogue knows of the model; null: nothing
  std::string_view authority = {};                ///< "host[:port]" that the request goes to, for signatures
  epoch_ms now = 0;                               ///< for signatures: dialects have no clock
};

/// What a dialect or its provider cannot say, and must not leave out (spec 10): another candidate may serve, else it is
/// 400 unsupported_by_model. `param` is the request's field ("tools[1].function.strict"), `message` a sentence that
/// names provider or model and the remedy where there is one.
struct refusal {
  std::string param, message;
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
  std::string content_type;  ///< empty: application/json
};

/// The answer was not the last word: this is asked next, at the same origin, with the headers of the first request. For
/// uploads that become jobs, and jobs that are polled.
struct follow_up {
  std::string_view method = "GET";
  std::string target;        ///< path and query, beginning with '/'
  std::string content_type;  ///< of `body`; empty without one
  std::string body;
  std::string memo;                    ///< for the decoder of what comes
  std::chrono::milliseconds after{0};  ///< wait so long first
};

/// What decoders know beside the bytes.
struct answer_input {
  const model::inference_request& asked;
  const catalogue::provider& provider;
  std::string_view model;                         ///< the id that was sent
  const catalogue::model_entry* entry = nullptr;  ///< null: the catalogue does not know it
  std::string_view memo = {};                     ///< of the wire_request, or of the follow_up
  std::string_view request_id = {};  ///< ours: what made-up ids are made of, so that they differ between answers
  epoch_ms now = 0;                  ///< for `created`, where the provider does not say
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
  [[nodiscard]] virtual const stream_facts& facts() const noexcept = 0;  ///< always the same object
  /// Of what goes to the client. Empty: server-sent events, which end with "[DONE]" and may be filled with comments;
  /// anything else (speech) is bytes that nothing may be added to.
  [[nodiscard]] virtual std::string_view content_type() const noexcept { return {}; }
};

/// How a short-lived access token is asked for, where a provider takes no key itself (OAuth 2).
struct token_request {
  std::string url;      ///< absolute: the provider's token_url
  std::string headers;  ///< as in wire_request
  std::string content_type = "application/x-www-form-urlencoded";
  std::string body;  ///< holds secrets: wiped by its owner
};
struct access_token {
  secret_string token;
  std::chrono::seconds valid_for{0};
};

/// One wire protocol. Pure: no I/O, no clock, no globals; one object serves all threads. Client bodies are OpenAI's;
/// what comes back to the client is OpenAI's too.
class dialect {
 public:
  virtual ~dialect() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Which of the client's endpoints it can serve at all.
  [[nodiscard]] virtual bool serves(model::endpoint kind) const noexcept = 0;

  /// Nothing where the credential is sent as it is, else how to exchange it. A refusal when it cannot be used (no valid
  /// service account).
  [[nodiscard]] virtual boost::system::result<std::optional<token_request>, refusal> ask_token(
      const catalogue::provider& provider, const credential& secret, epoch_ms now) const;
  [[nodiscard]] virtual boost::system::result<access_token, provider_error> read_token(int status,
                                                                                       std::string_view body) const;

  /// REQUIRES: serves(in.asked.kind). What is left out, because the target lacks it and it does not change the
  /// question, is in dropped_params.
  [[nodiscard]] virtual boost::system::result<wire_request, refusal> encode(const encode_input& in) const = 0;
  /// A 2xx answer. An in-band error or something that is no answer comes back as provider_error. `body` is followed by
  /// 64 readable bytes and must live as long as the answer.
  [[nodiscard]] virtual boost::system::result<std::variant<client_answer, follow_up>, provider_error> decode(
      const answer_input& in, std::string_view content_type, std::string_view body) const = 0;
  /// For an answer that goes out as it comes. What `in` refers to outlives the decoder, memo and model included.
  [[nodiscard]] virtual std::unique_ptr<stream_decoder> open_stream(const answer_input& in,
                                                                    std::string_view content_type) const = 0;
  /// A non-2xx answer.
  [[nodiscard]] virtual provider_error decode_error(int status, header_fields fields, std::string_view body) const = 0;
};

/// What to feed to the openai dialect's stream decoder when a provider answered `stream: true` with one whole answer
/// (by its content type): the same answer as one event and the end mark. Nothing when `body` is no answer; then
/// decode() says what it is.
[[nodiscard]] std::optional<std::string> whole_answer_as_events(std::string_view body);

[[noreturn]] void throw_exception_from_error(const provider_error& error, const boost::source_location& where);
[[noreturn]] void throw_exception_from_error(const refusal& why, const boost::source_location& where);

/// The dialect of that name, or null when this build does not speak it.
[[nodiscard]] const dialect* find_dialect(std::string_view name) noexcept;
[[nodiscard]] const std::vector<std::string_view>& known_dialects();
/// Whether this build speaks that dialect, and whether that dialect serves such requests.
[[nodiscard]] bool serves(std::string_view dialect, model::endpoint kind) noexcept;

}  // namespace spidergate::providers
