#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/core/secret_string.hpp>
#include <spidergate/providers/dialect.hpp>
#include <spidergate/upstream/client.hpp>
#include <spidergate/vault/vault.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace spidergate::engine {

/// Reads a flat JSON object of strings, as the vault seals it, without leaving copies of the secret behind in a
/// parser's buffers. "api_key" becomes the key, everything else a setting. Nothing when it is not such an object.
[[nodiscard]] std::optional<providers::credential> read_credential(std::string_view flat_json);

/// Where an attempt goes: the integration's own base_url, else the catalogue's for the model's dialect, settings filled
/// in.
struct destination {
  upstream::origin where;
  std::string base_path;
};
/// Nothing when the URL is malformed, a {setting} is missing, or the origin is not the one that the credential is bound
/// to. A credential that is bound to the provider's own origin may also go to the origins of its variants: the
/// catalogue names those, nobody else can. `dialect` is the model's, or empty for the provider's own.
[[nodiscard]] std::optional<destination> destination_of(const catalogue::provider& provider, const vault::lease& key,
                                                        const providers::credential& secret,
                                                        bool allow_private_base_urls, std::string_view dialect = {});

}  // namespace spidergate::engine
