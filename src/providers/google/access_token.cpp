#include "access_token.hpp"

#include "../error_reading.hpp"
#include "../wire_headers.hpp"

#include <spidergate/core/base64.hpp>
#include <spidergate/core/json_text.hpp>
#include <spidergate/crypto/rsa_signature.hpp>
#include <spidergate/json/reader.hpp>

#include <algorithm>
#include <cstring>

namespace spidergate::providers::google {

namespace {

using asked_token = boost::system::result<std::optional<token_request>, refusal>;

constexpr std::string_view usual_token_url = "https://oauth2.googleapis.com/token";
constexpr std::string_view scope = "https://www.googleapis.com/auth/cloud-platform";
constexpr std::int64_t longest_validity = 3600;  // of an assertion, by Google's rules
constexpr std::size_t longest_token = 16 * 1024;
constexpr std::size_t reader_slack = 64;

/// Text that is overwritten when it goes: documents with private keys, and what is made of them.
class wiped {
 public:
  explicit wiped(std::size_t room) { text_.reserve(room); }
  wiped(const wiped&) = delete;
  wiped& operator=(const wiped&) = delete;
  ~wiped() { explicit_bzero(text_.data(), text_.size()); }
  std::string& text() noexcept { return text_; }

 private:
  std::string text_;
};

/// A document in memory of its own: the reader wants bytes behind it.
class document {
 public:
  explicit document(std::string_view text) : bytes_(text.size() + reader_slack), size_(text.size()) {
    bytes_.text().append(text).append(reader_slack, '\0');
  }
  [[nodiscard]] bool read() { return reader_.read(std::string_view(bytes_.text()).substr(0, size_)); }
  [[nodiscard]] json::value root() const noexcept { return reader_.root(); }

 private:
  wiped bytes_;
  std::size_t size_;
  json::reader reader_;
};

secret_string secret_text(json::value of) {
  wiped plain(of.literal().size());
  json::append_unescaped(plain.text(), of.literal());
  return secret_string(plain.text());
}

refusal unusable(const catalogue::provider& provider, std::string_view why) {
  const std::string who = provider.name.empty() ? provider.id : provider.name;
  return {"", "The credential for " + (who.empty() ? std::string("Vertex AI") : who) +
                  " cannot be used: " + std::string(why)};
}

token_request token_request_to(std::string_view url) {
  token_request asked;
  asked.url = url;
  asked.headers = "accept: application/json\r\n";
  return asked;
}

/// base64url of the JWT's header and claims, joined with a dot.
std::string unsigned_assertion(json::value account, std::string_view token_url, epoch_ms now) {
  std::string header, claims;
  json_writer(header)
      .begin_object()
      .key("alg")
      .string("RS256")
      .key("typ")
      .string("JWT")
      .key("kid")
      .string(account.find("private_key_id").text())
      .end_object();
  const std::int64_t seconds = now / 1000;
  json_writer(claims)
      .begin_object()
      .key("iss")
      .string(account.find("client_email").text())
      .key("scope")
      .string(scope)
      .key("aud")
      .string(token_url)
      .key("iat")
      .number(seconds)
      .key("exp")
      .number(seconds + longest_validity)
      .end_object();
  std::string assertion;
  append_base64url(assertion, header);
  assertion.push_back('.');
  append_base64url(assertion, claims);
  return assertion;
}

asked_token for_service_account(const catalogue::provider& provider, json::value account, std::string_view token_url,
                                epoch_ms now) {
  for (const std::string_view name : {"client_email", "private_key"}) {
    if (account.find(name).literal().empty()) {
      return unusable(provider, "the service account's JSON has no '" + std::string(name) +
                                    "'. Put in the whole key file that Google Cloud made.");
    }
  }
  std::string assertion = unsigned_assertion(account, token_url, now);
  const auto signature = crypto::rsa_sha256_signature(secret_text(account.find("private_key")), assertion);
  if (!signature) {
    return unusable(provider,
                    "the service account's 'private_key' is no RSA key in PEM. Put in the key file as it was "
                    "downloaded, with its line ends written \\n.");
  }
  assertion.push_back('.');
  append_base64url(assertion, *signature);
  auto asked = token_request_to(token_url);
  asked.body = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=" + assertion;
  explicit_bzero(assertion.data(), assertion.size());
  return std::optional<token_request>(std::move(asked));
}

asked_token for_user(const catalogue::provider& provider, json::value user, std::string_view token_url) {
  auto asked = token_request_to(token_url);
  std::size_t room = 64;
  for (const std::string_view name : {"client_id", "client_secret", "refresh_token"}) {
    const auto literal = user.find(name).literal();
    if (literal.empty()) {
      return unusable(provider, "the user's JSON has no '" + std::string(name) + "'. Put in the whole file.");
    }
    room += 3 * literal.size() + name.size() + 2;
  }
  asked.body.reserve(room);  // never grows, so that no copy of a secret stays behind
  asked.body = "grant_type=refresh_token";
  for (const std::string_view name : {"client_id", "client_secret", "refresh_token"}) {
    asked.body.append("&").append(name).append("=");
    append_percent_encoded(asked.body, secret_text(user.find(name)).reveal());
  }
  return std::optional<token_request>(std::move(asked));
}

std::string_view without_blanks(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// Not a document: an access token, or something that never works here.
asked_token for_plain_key(const catalogue::provider& provider, std::string_view key) {
  if (key.empty()) {
    return unusable(provider, "there is none. Put in a service account's JSON document (service_account).");
  }
  if (key.starts_with("AIza") || key.starts_with("AQ.")) {
    return unusable(provider,
                    "it is an API key, and Vertex AI in a project takes access tokens. Put in a service account's JSON "
                    "document, or use the provider 'gemini' with this key.");
  }
  const bool fits = std::all_of(key.begin(), key.end(), [](char c) { return c > ' ' && c < '\x7F'; });
  if (!fits) {
    return unusable(provider,
                    "it is neither a JSON document nor an access token. Put in a service account's JSON document, not "
                    "the path of its file.");
  }
  return std::optional<token_request>();
}

provider_error refused_token(int status, json::value root) {
  provider_error error;
  error.status = status;
  read_error(root, error);
  if (const auto said = root.find("error_description"); !said.literal().empty()) {
    error.message = presentable(said.text());
  }
  if (root.find("error").is(json::kind::string)) error.code = presentable(root.find("error").text());
  if (error.message.empty()) {
    error.message = "Google's token endpoint answered with status " + std::to_string(status) + " and no access token.";
  }
  error.kind = classify(error);
  // invalid_grant, invalid_client, … come with 400: it is the account that is at fault, not a request of the client's.
  if (status >= 400 && status < 500 && error.kind != error_class::rate_limited && status != 408) {
    error.kind = error_class::invalid_credentials;
  }
  if (status < 400) error.kind = error_class::failed;
  return error;
}

}  // namespace

asked_token ask_access_token(const catalogue::provider& provider, const credential& secret, epoch_ms now) {
  auto source = without_blanks(secret.key.reveal());
  if (source.empty()) source = without_blanks(secret.setting("service_account"));
  if (!source.starts_with('{')) return for_plain_key(provider, source);
  document read(source);
  if (!read.read()) return unusable(provider, "the service account is not valid JSON. Put in the whole key file.");
  const std::string_view token_url =
      provider.token_url.empty() ? usual_token_url : std::string_view(provider.token_url);
  const auto root = read.root();
  const auto type = root.find("type").literal();
  if (type == "authorized_user") return for_user(provider, root, token_url);
  if (type == "service_account" || type.empty()) return for_service_account(provider, root, token_url, now);
  return unusable(provider, "its JSON is of the type '" + presentable(type) +
                                "', which is not supported. Put in a service account's key file.");
}

boost::system::result<access_token, provider_error> read_access_token(int status, std::string_view body) {
  document answer(body.substr(0, 4 * longest_token));
  if (!answer.read() || !answer.root().is(json::kind::object)) {
    auto error = not_an_answer("Google's token endpoint answered with status " + std::to_string(status) +
                               " and something that is not JSON.");
    error.status = status;
    error.kind = classify(error);
    return error;
  }
  const auto root = answer.root();
  const auto token = root.find("access_token");
  const bool plain = !token.literal().empty() && token.literal().size() <= longest_token;
  if (status >= 300 || !plain) return refused_token(status, root);
  access_token made;
  made.token = secret_text(token);
  const auto lasts = root.find("expires_in").whole_number().value_or(longest_validity);
  made.valid_for = std::chrono::seconds(std::clamp<std::int64_t>(lasts, 0, 24 * longest_validity));
  return made;
}

}  // namespace spidergate::providers::google
