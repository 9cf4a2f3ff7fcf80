#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/core/secret_string.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// From what a person hands in for a provider to what is sealed, and back to what may be shown.
namespace spidergate::vault {

/// One member of a create body's `credentials`.
struct credential_field {
  std::string name;
  secret_string value;
};

/// What is wrong with a body, for a 400: `field` is "credentials.api_key" and the like.
struct credential_fault {
  std::string field;
  std::string message;
};

/// The names in braces of a base URL: "https://{region}.example/{project}" needs "region" and "project".
[[nodiscard]] std::vector<std::string> settings_of(std::string_view base_url);

/// Which fields a provider takes.
struct credential_shape {
  std::vector<std::string> required;
  std::vector<std::string> optional;
};
/// `base_url` is the integration's own, or empty: the catalogue's. `has_api_key` tells whether the body holds one, for
/// providers that take either signing keys or one key.
[[nodiscard]] credential_shape shape_of(const catalogue::provider& provider, std::string_view base_url,
                                        bool has_api_key);

/// Checked, without blanks around values, in the one canonical form.
struct prepared_credentials {
  secret_string json;      ///< a flat object of strings, names in order: the plain text of the envelope
  std::string masked_key;  ///< of the field that identifies the credential
};
/// The faults name the field. Nothing of a value is ever in a message.
[[nodiscard]] boost::system::result<prepared_credentials, credential_fault> prepare_credentials(
    const catalogue::provider& provider, std::string_view base_url, const std::vector<credential_field>& fields);

/// SHA-256 over the vault's own salt and the canonical form, in hex: equal for equal credentials, useless without the
/// salt.
[[nodiscard]] std::string fingerprint_of(std::string_view salt, const secret_string& canonical_json);

/// `text` with every secret of `canonical_json` replaced by stars: providers echo keys in their messages.
[[nodiscard]] std::string without_secrets(std::string text, const secret_string& canonical_json);

[[noreturn]] void throw_exception_from_error(const credential_fault& fault, const boost::source_location& where);

}  // namespace spidergate::vault
