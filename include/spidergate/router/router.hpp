#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/model/api_error.hpp>
#include <spidergate/model/inference_request.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::router {

/// One provider + model in a chain. Points into the catalogue snapshot that it was resolved from.
struct candidate {
  const catalogue::provider* provider = nullptr;
  const catalogue::model_entry* entry = nullptr;  ///< null: the provider is known, the model is not in the catalogue
  std::string model;                              ///< the id as the provider wants it

  [[nodiscard]] std::string name() const;  ///< "provider/model"
};

/// A brand's own routing data; immutable snapshot.
struct brand_overrides {
  std::vector<catalogue::alias_entry> aliases;
  std::vector<catalogue::rule> rules;
};

/// What `model` means.
struct resolution {
  std::vector<candidate> chain;  ///< never empty, no candidate twice
  std::string strategy;          ///< receipt's "strategy"
  std::string alias;             ///< the alias that was named, or empty
};

/// Resolves in the order of spec 9: brand's alias, built-in (or config's) alias, provider/model, brand's rules,
/// config's rules, catalogue name or synonym, built-in patterns, providers that list it under a vendor's name
/// ("vendor/name"), case ignored. `auto` is not served yet: it is a model_not_found that says so.
///
/// - A model that a known provider is not known to have passes through to it with a null entry ("groq/brand-new"),
/// unless the whole name is what
///   others call a model ("openai/gpt-oss-120b" is an id at many hosts): then they come first. Providers of the config
///   file always get what they are asked for.
/// - A catalogue name that several providers list gives them all, by provider priority; a synonym's own target stands
/// before them.
/// - x-fallback-chain replaces the chain (strategy "fallback_chain"); fallback_models follow the chain's head, and what
/// was left of it follows them.
///   Names inside those may be anything that `model` may be; an unknown one is an error with `param` set.
///
/// model_not_found names the three nearest names. Pure: any thread.
[[nodiscard]] model::outcome<resolution> resolve(const catalogue::catalogue& data, const brand_overrides& brand,
                                                 std::string_view model, const model::routing_options& options);

/// How a candidate has been doing lately.
struct candidate_health {
  enum class breaker : std::uint8_t { closed, half_open, open };
  breaker state = breaker::closed;
  double success_rate = 1.0;  ///< last 5 minutes, 0-1
  std::uint32_t samples = 0;  ///< behind success_rate; under 5 the rate says nothing
  bool has_usable_key = true;
  bool has_any_key = true;  ///< false: no integration for this provider at all
};

enum class standing : std::uint8_t { usable, probing, down };
[[nodiscard]] std::string_view standing_name(standing s) noexcept;

struct ranked_candidate {
  candidate what;
  standing where = standing::usable;
  std::string reason;  ///< why it stands where it stands, one short clause
};

/// What is asked of models of that mode, first of all.
[[nodiscard]] model::endpoint endpoint_for(catalogue::mode what) noexcept;

/// Whether requests of that kind can be made in that dialect. (Of the room `providers`, which is out of reach here.)
using served_by = bool (*)(std::string_view dialect, model::endpoint kind);

/// The chain in the order of attempts: usable ones in chain order, but one whose success rate is more than 10 points
/// below a usable one of the same chain moves behind it (both with at least 5 samples); then probing, then down.
///
/// - Candidates that cannot do what is needed (endpoint, tools, images, audio) are dropped when the catalogue knows
/// that they cannot; when nothing is
///   left that is unsupported_by_model. Where it only does not say that they can (a JSON schema, files), they move
///   behind those that can.
/// - Candidates without any key are dropped too, but for self-hosted ones, which need none; when nothing is left that
/// is no_available_key.
///
/// `health` is parallel to the chain; one that is too short says that the rest is well. `served` tells which dialects
/// this build speaks for what. Pure: any thread.
[[nodiscard]] model::outcome<std::vector<ranked_candidate>> rank(const resolution& resolved,
                                                                 std::span<const candidate_health> health,
                                                                 const model::inference_request& asked,
                                                                 served_by served);

/// What rank() gives where every candidate is well: the chain in its own order.
[[nodiscard]] std::vector<ranked_candidate> order_of(const resolution& resolved);

/// True only where rank() would give just that, so that an order that was made once can be used again. Pure: any
/// thread.
[[nodiscard]] bool stays_in_order(const resolution& resolved, std::span<const candidate_health> health,
                                  const model::inference_request& asked, served_by served);

}  // namespace spidergate::router
