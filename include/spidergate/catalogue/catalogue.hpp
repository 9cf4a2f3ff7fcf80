#pragma once
#include <spidergate/core/result.hpp>
#include <spidergate/model/usage.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace spidergate::catalogue {

/// How a provider wants its credential.
enum class auth_style : std::uint8_t {
  bearer,  ///< Authorization: Bearer KEY
  header,  ///< NAME: KEY
  query,   ///< ?NAME=KEY
  scheme,  ///< Authorization: WORD KEY; with WORD "raw" the key alone
  none,    ///< self-hosted; a bearer key is optional
  sigv4,
  oci_signature,
  oauth2,
};

/// What a streaming provider connection does when the client has gone.
enum class on_disconnect : std::uint8_t { cancel, drain };

/// An upstream LLM service.
struct provider {
  std::string id, name;
  std::string dialect;   ///< "openai", "anthropic", …
  std::string base_url;  ///< no trailing slash; may hold {account_id}-like settings
  auth_style auth = auth_style::bearer;
  std::string auth_name;                     ///< of header, query, scheme
  std::string token_url;                     ///< of oauth2: where a credential is exchanged for a short-lived token
  std::string key_env;                       ///< conventional environment variable; may be empty
  std::vector<std::string> key_env_aliases;  ///< other names that providers.csv's quirks give
  std::vector<std::string> endpoints;        ///< "chat", "embeddings", …; empty is not known
  std::string free_tier, docs_url, quirks;
  std::vector<std::pair<std::string, std::string>>
      renames;  ///< request parameters: from -> to (only plain top-level ones)
  /// Request parameters that it refuses: left out. "messages[].name" is a member of messages; renames may be such too.
  std::vector<std::string> drops;
  std::vector<std::pair<std::string, std::string>> traits;  ///< what else its adapter must know: see config/catalogue
  int priority = 0;          ///< higher is preferred where several providers list a bare model name
  bool from_config = false;  ///< defined or re-based in the config file: private addresses allowed
  on_disconnect disconnect = on_disconnect::cancel;
  bool discover = false;          ///< its models are asked for, from time to time, beside those listed here
  std::optional<money> gpu_hour;  ///< what an hour of its machine costs, for models without a price
  /// The same provider in the other dialects that some of its models speak: other dialect, base_url and auth.
  std::vector<provider> variants;
  /// How a model of this provider is called that speaks `wanted`. Itself where that is its own dialect, empty, or one
  /// that has no address of its own.
  [[nodiscard]] const provider& in_dialect(std::string_view wanted) const noexcept;
  /// The trait of that name, or nothing: config/catalogue/README.md lists them.
  [[nodiscard]] std::string_view trait(std::string_view name) const noexcept;
  /// True as well when no endpoint is known: an operator's own server may have any.
  [[nodiscard]] bool has_endpoint(std::string_view name) const noexcept;
};

enum class mode : std::uint8_t { chat, embedding, image, audio_speech, audio_transcription, rerank, moderation };
/// As in models.csv: "chat", "audio_speech".
[[nodiscard]] std::string_view name_of(mode what) noexcept;

/// The one endpoint of a model that does not answer on those of its mode.
enum class own_endpoint : std::uint8_t { none, responses, image_edit };

/// A price that may be shared by entries with the same one: the built-in 6,500 have 2,000 different ones. Reads as a
/// pointer that is never null. Immutable but for assignment; thread-safe like a std::shared_ptr.
class shared_price {
 public:
  shared_price() = default;
  shared_price(model::price of)
      : held_(std::make_shared<const model::price>(std::move(of))) {}  // NOLINT: a price as any other
  [[nodiscard]] const model::price& operator*() const noexcept { return held_ ? *held_ : nothing_known; }
  [[nodiscard]] const model::price* operator->() const noexcept { return &**this; }

 private:
  static const model::price nothing_known;
  std::shared_ptr<const model::price> held_;  ///< null: nothing is known
};

/// One model at one provider.
struct model_entry {
  std::string provider, id;
  catalogue::mode mode = mode::chat;
  shared_price price;
  std::int64_t context = 0;  ///< tokens; 0 is not known
  std::int64_t max_output = 0;
  bool text_in = true, image_in = false, audio_in = false, video_in = false, pdf_in = false;
  bool tools = false, json_schema = false, vision = false, reasoning = false, deprecated = false;
  bool no_temperature = false;
  /// False where a capability that is not set means "not stated" rather than "no".
  bool capabilities_stated = false;
  bool discovered = false;  ///< its server listed it; what it can do is not known, `mode` neither
  own_endpoint api = own_endpoint::none;
  std::string dialect;  ///< where it differs from its provider's
};

/// An alias: a name for a job, with its chain. An entry is "provider/model" or another alias.
struct alias_entry {
  std::string name;
  std::vector<std::string> chain;
  bool from_config = false;
};

/// The names that the config file and price overrides have for the parts of a price: "input_per_mtok_usd", …
[[nodiscard]] std::span<const std::string_view> price_part_names() noexcept;

/// A base URL with its settings filled in, as it is to be called: Google's location "global" stands in the path, not in
/// front of the host.
[[nodiscard]] std::string callable_url(std::string filled);

/// Reads "bearer", "header:NAME", "query:NAME", "scheme:WORD", "none", …; nothing when it is none of them.
[[nodiscard]] std::optional<std::pair<auth_style, std::string>> parse_auth(std::string_view text);

/// What of a provider is not served, and why: for docs/providers.md.
struct limitation {
  std::string subject;  ///< a provider's id, or "dialect:NAME" for all that speak it
  std::string what;     ///< "everything", "chat", "stop", …
  std::string reason;   ///< a clause
};
/// The embedded table; a malformed one is a std::logic_error.
[[nodiscard]] std::vector<limitation> known_limitations();

/// One of the config's or built-in rules: a glob over the bare model name, and who serves it.
struct rule {
  std::string match;
  std::string provider;
};

/// Additions and overrides from the config file, applied over the built-in data.
struct overlay {
  /// A new model of a provider, or what is to be changed of one that it has.
  struct model_change {
    std::string name;
    std::optional<std::string> input_per_mtok_usd, output_per_mtok_usd;
    std::optional<std::string> cache_read_per_mtok_usd, cache_write_per_mtok_usd, reasoning_per_mtok_usd;
    std::optional<std::string> audio_input_per_mtok_usd, audio_output_per_mtok_usd;
    std::optional<std::string> image_usd, per_request_usd;
    std::vector<std::pair<std::string, std::string>> further_prices;  ///< any of price_part_names(), and its dollars
    std::optional<std::int64_t> context, max_output;
    std::string mode;                    ///< as in models.csv; empty is chat, or unchanged
    std::optional<std::string> dialect;  ///< where it differs from the provider's
  };
  /// A new provider, or what is to be changed of a built-in one.
  struct provider_change {
    using model_change = overlay::model_change;
    std::string id;
    std::optional<std::string> name, dialect, base_url, auth, token_url, key_env, on_disconnect;
    std::optional<std::string> gpu_hour_usd;
    std::optional<bool> discover;  ///< default: of a server of one's own without models
    std::optional<int> priority;
    std::vector<model_change> models;
  };
  std::vector<provider_change> providers;
  std::vector<alias_entry> aliases;
  std::vector<rule> rules;
};

/// All providers, models, prices and built-in aliases; immutable, shared by all threads.
class catalogue {
 public:
  /// The embedded data with the overlay over it. A message naming the fault when the overlay makes no sense
  /// (unknown provider without dialect and base_url, malformed price, alias cycle, alias entry that resolves to
  /// nothing).
  [[nodiscard]] static boost::system::result<std::shared_ptr<const catalogue>, std::string> build(
      const overlay& changes);

  /// `base` and the models that servers have listed, but for those that it has already. `found` need not be sorted; an
  /// entry of a provider that does not exist is left out.
  [[nodiscard]] static std::shared_ptr<const catalogue> with_discovered(const catalogue& base,
                                                                        std::vector<model_entry> found);

  [[nodiscard]] const provider* find_provider(std::string_view id) const noexcept;
  [[nodiscard]] const model_entry* find_model(std::string_view provider, std::string_view model) const noexcept;
  /// Every provider's entry of that exact bare model name, highest provider priority first.
  [[nodiscard]] std::span<const model_entry* const> models_named(std::string_view bare) const noexcept;
  [[nodiscard]] const alias_entry* find_alias(std::string_view name) const noexcept;
  /// Entries whose last path segment is that name, case ignored ("llama-3.1-8b" finds "meta-llama/Llama-3.1-8B"), in
  /// the same order.
  [[nodiscard]] std::vector<const model_entry*> models_ending_in(std::string_view name) const;
  /// "gpt-4o" style synonyms -> "provider/model"; nothing when there is none.
  [[nodiscard]] std::optional<std::string_view> find_synonym(std::string_view name) const noexcept;

  [[nodiscard]] std::span<const provider> providers() const noexcept;  ///< by id
  [[nodiscard]] std::span<const model_entry> models() const noexcept;  ///< grouped by provider
  [[nodiscard]] std::span<const alias_entry> aliases()
      const noexcept;  ///< by name, chains flattened to "provider/model"
  [[nodiscard]] std::span<const rule> config_rules() const noexcept;
  [[nodiscard]] std::span<const rule> builtin_patterns() const noexcept;

  catalogue(const catalogue&) = delete;
  ~catalogue();

 private:
  catalogue();
  struct impl;
  std::unique_ptr<impl> impl_;
};

}  // namespace spidergate::catalogue
