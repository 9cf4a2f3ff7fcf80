#include <spidergate/core/ascii.hpp>
#include <spidergate/core/json_text.hpp>
#include <spidergate/crypto/digest.hpp>
#include <spidergate/vault/credentials.hpp>
#include <spidergate/vault/envelope.hpp>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace spidergate::vault {

using catalogue::auth_style;

namespace {

constexpr std::size_t longest_value = 16'384;
constexpr std::size_t longest_setting = 253;
/// A shorter text is too likely to stand in a message for another reason.
constexpr std::size_t shortest_secret = 8;

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void append_missing(std::vector<std::string>& names, std::initializer_list<std::string_view> more) {
  for (const auto name : more) {
    if (!contains(names, name)) names.emplace_back(name);
  }
}

bool is_document(std::string_view name) {
  return name == "service_account" || name == "service_key" || name == "private_key";
}

bool is_secret(std::string_view name) {
  return is_document(name) || name == "api_key" || name == "secret_access_key" || name == "session_token";
}

bool is_visible_ascii(char c) {
  return c > ' ' && c < '\x7f';
}

bool is_setting_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

/// What is wrong with a value (without blanks around it), or nothing.
std::string_view objection(std::string_view name, std::string_view value) {
  if (value.empty()) return "is empty";
  if (value.size() > longest_value) return "is longer than 16 KiB";
  if (name == "service_account" || name == "service_key") {
    return value.front() == '{' && value.back() == '}' ? "" : "must be the JSON document that the provider gave, whole";
  }
  if (name == "private_key") return value.starts_with("-----BEGIN ") ? "" : "must be a PEM text, whole";
  if (is_secret(name) || name == "access_key_id") {
    return std::all_of(value.begin(), value.end(), is_visible_ascii) ? ""
                                                                     : "holds blanks or characters that no key has";
  }
  if (value.size() > longest_setting || !std::all_of(value.begin(), value.end(), is_setting_char) ||
      value.front() == '.' || value.front() == '-' || value.find("..") != std::string_view::npos) {
    return "may hold letters, digits, '.', '-' and '_' only, as it becomes part of an address";
  }
  return "";
}

/// A secret in an address would end up in logs, and what is no plain name cannot be a field.
bool may_stand_in_address(std::string_view setting) {
  const auto is_name_char = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !setting.empty() && !is_secret(setting) && setting != "access_key_id" &&
         std::all_of(setting.begin(), setting.end(), is_name_char);
}

std::string listed(const credential_shape& shape) {
  std::string names;
  for (const auto* part : {&shape.required, &shape.optional}) {
    for (const auto& name : *part) names.append(names.empty() ? "" : ", ").append(name);
  }
  return names;
}

credential_fault fault_at(std::string_view name, std::string message) {
  return {"credentials." + std::string(name), std::move(message)};
}

using field_views = std::vector<std::pair<std::string_view, std::string_view>>;

std::optional<credential_fault> first_fault(const catalogue::provider& provider, const credential_shape& shape,
                                            const field_views& fields) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const auto [name, value] = fields[i];
    if (i > 0 && fields[i - 1].first == name) return fault_at(name, "is given twice");
    if (!contains(shape.required, name) && !contains(shape.optional, name)) {
      return fault_at(name, "is not known for " + provider.id + ", which takes: " + listed(shape));
    }
    if (const auto why = objection(name, value); !why.empty()) return fault_at(name, std::string(why));
  }
  for (const auto& name : shape.required) {
    const auto has_name = [&](const auto& field) { return field.first == name; };
    if (std::none_of(fields.begin(), fields.end(), has_name)) {
      return fault_at(name, "is missing; " + provider.id + " needs it");
    }
  }
  return std::nullopt;
}

secret_string canonical_json(const field_views& fields) {
  std::size_t largest = 2;
  for (const auto& [name, value] : fields) largest += 6 * (name.size() + value.size()) + 8;
  std::string json;
  json.reserve(largest);  // escapes take six bytes at most: it never grows, so no copy of a secret stays behind
  json_writer writer(json);
  writer.begin_object();
  for (const auto& [name, value] : fields) writer.key(name).string(value);
  writer.end_object();
  secret_string kept(json);
  explicit_bzero(json.data(), json.size());
  return kept;
}

std::string mask_of(const field_views& fields) {
  for (const auto* name : {"api_key", "access_key_id"}) {
    for (const auto& [field, value] : fields) {
      if (field == name) return mask_key(value);
    }
  }
  return "***";
}

/// The values of a flat object of strings, as written (with escapes), in order.
std::vector<std::pair<std::string_view, std::string_view>> members_of(std::string_view json) {
  std::vector<std::string_view> strings;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '"') continue;
    const auto start = ++i;
    while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
    strings.push_back(json.substr(start, std::min(i, json.size()) - start));
  }
  std::vector<std::pair<std::string_view, std::string_view>> members;
  for (std::size_t i = 0; i + 1 < strings.size(); i += 2) members.emplace_back(strings[i], strings[i + 1]);
  return members;
}

}  // namespace

std::vector<std::string> settings_of(std::string_view base_url) {
  std::vector<std::string> names;
  for (auto open = base_url.find('{'); open != std::string_view::npos; open = base_url.find('{', open + 1)) {
    const auto close = base_url.find('}', open);
    if (close == std::string_view::npos) break;
    append_missing(names, {base_url.substr(open + 1, close - open - 1)});
  }
  return names;
}

credential_shape shape_of(const catalogue::provider& provider, std::string_view base_url, bool has_api_key) {
  credential_shape shape;
  switch (provider.auth) {
    case auth_style::none:
      shape.optional = {"api_key"};
      break;
    case auth_style::bearer:
    case auth_style::header:
    case auth_style::query:
    case auth_style::scheme:
      shape.required = {"api_key"};
      break;
    case auth_style::sigv4:
      // Bedrock takes one long-term key in place of the two signing keys.
      if (has_api_key) {
        shape.required = {"api_key", "region"};
      } else {
        shape.required = {"access_key_id", "secret_access_key", "region"};
        shape.optional = {"session_token"};
      }
      break;
    case auth_style::oci_signature:
      shape.required = {"tenancy_id", "user_id", "key_fingerprint", "private_key"};
      shape.optional = {"compartment_id"};
      break;
    case auth_style::oauth2:
      if (provider.dialect.starts_with("vertex")) {
        shape.required = {"service_account"};
      } else {
        shape.required = {provider.dialect == "sap-ai-core" ? "service_key" : "api_key"};
      }
      shape.optional = {"project_id", "space_id", "resource_group", "scope"};
      break;
  }
  for (const auto& name : settings_of(base_url.empty() ? std::string_view(provider.base_url) : base_url)) {
    append_missing(shape.required, {name});
  }
  for (const auto* name : {"organization", "project", "api_version", "deployment"}) {
    if (!contains(shape.required, name)) shape.optional.emplace_back(name);
  }
  return shape;
}

boost::system::result<prepared_credentials, credential_fault> prepare_credentials(
    const catalogue::provider& provider, std::string_view base_url, const std::vector<credential_field>& fields) {
  const auto settings = settings_of(base_url);
  if (!std::all_of(settings.begin(), settings.end(), may_stand_in_address)) {
    return credential_fault{"base_url", "holds something in braces that is not a setting such as {account_id}"};
  }
  constexpr std::string_view blanks = " \t\r\n";
  field_views views;
  for (const auto& field : fields) {
    auto value = field.value.reveal();
    value.remove_prefix(std::min(value.find_first_not_of(blanks), value.size()));
    value = value.substr(0, value.find_last_not_of(blanks) + 1);
    views.emplace_back(field.name, value);
  }
  std::sort(views.begin(), views.end());
  const auto has_api_key = std::any_of(views.begin(), views.end(), [](const auto& v) { return v.first == "api_key"; });
  if (auto fault = first_fault(provider, shape_of(provider, base_url, has_api_key), views)) return *std::move(fault);
  return prepared_credentials{canonical_json(views), mask_of(views)};
}

std::string fingerprint_of(std::string_view salt, const secret_string& canonical_json) {
  std::string text;
  text.reserve(salt.size() + canonical_json.size() + 1);
  text.append(salt).append(1, '\0').append(canonical_json.reveal());
  const auto digest = crypto::sha256(text);
  explicit_bzero(text.data(), text.size());
  return crypto::to_hex({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::string without_secrets(std::string text, const secret_string& canonical_json) {
  for (const auto& [name, value] : members_of(canonical_json.reveal())) {
    if (!is_secret(name) || value.size() < shortest_secret) continue;
    for (auto at = text.find(value); at != std::string::npos; at = text.find(value, at + 3)) {
      text.replace(at, value.size(), "***");
    }
  }
  return text;
}

void throw_exception_from_error(const credential_fault& fault, const boost::source_location& /*where*/) {
  throw std::logic_error("asked for credentials that were refused: " + fault.field + " " + fault.message);
}

}  // namespace spidergate::vault
