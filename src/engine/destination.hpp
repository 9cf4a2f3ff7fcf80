#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/providers/dialect.hpp>
#include <spidergate/upstream/client.hpp>
#include <spidergate/vault/vault.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace spidergate::engine {

/// Where an attempt goes: a base URL, taken apart.
struct destination {
  upstream::origin where;
  std::string base_path;
  std::string origin_text;  ///< "https://api.example.com:8443"
  std::string authority;    ///< "api.example.com:8443"
};

/// Finds out where attempts go, and takes each base URL apart only once: there are few of them, and they are named by
/// every request. What has been learnt follows from the URL's text alone, so it never gets old. Worker thread only.
class destinations {
 public:
  static constexpr std::size_t capacity = 1024;  ///< URLs that are kept

  /// The integration's own base_url, else the catalogue's for the model's dialect, settings filled in.
  ///
  /// Null when the URL is malformed, a {setting} is missing, or the origin is not the one that the credential is bound
  /// to. A credential that is bound to the provider's own origin may also go to the origins of its variants: the
  /// catalogue names those, nobody else can. `dialect` is the model's, or empty for the provider's own.
  [[nodiscard]] std::shared_ptr<const destination> find(const catalogue::provider& provider, const vault::lease& key,
                                                        const providers::credential& secret,
                                                        bool allow_private_base_urls, std::string_view dialect = {});

  [[nodiscard]] std::size_t size() const noexcept { return trusted_.size() + public_only_.size(); }

 private:
  struct text_hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  using by_url = std::unordered_map<std::string, std::shared_ptr<const destination>, text_hash, std::equal_to<>>;

  [[nodiscard]] std::shared_ptr<const destination> at(std::string_view base_url, const providers::credential& secret,
                                                      bool allow_private);
  [[nodiscard]] std::shared_ptr<const destination> at(std::string_view url, bool allow_private);

  by_url trusted_;      ///< may lead to private addresses
  by_url public_only_;  ///< may not
};

}  // namespace spidergate::engine
