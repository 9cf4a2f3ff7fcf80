#include "../error_reading.hpp"
#include "../wire_headers.hpp"
#include "watsonx_dialect.hpp"

#include <spidergate/json/reader.hpp>

#include <algorithm>

namespace spidergate::providers::watsonx {

namespace {

constexpr std::int64_t longest_life_s = 86'400;

}  // namespace

boost::system::result<std::optional<token_request>, refusal> watsonx_dialect::ask_token(
    const catalogue::provider& provider, const credential& secret, epoch_ms) const {
  if (provider.auth != catalogue::auth_style::oauth2) return std::optional<token_request>();
  token_request ask;
  ask.url = provider.token_url;
  ask.headers = "accept: application/json\r\n";
  // cloud.ibm.com/apidocs/iam-identity-token-api, "Create an IAM access token for a user or service ID using an API
  // key".
  ask.body = "grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-type%3Aapikey&apikey=";
  append_percent_encoded(ask.body, secret.key.reveal());
  return std::optional(std::move(ask));
}

boost::system::result<access_token, provider_error> watsonx_dialect::read_token(int status,
                                                                                std::string_view body) const {
  json::reader reader;
  const bool readable = reader.read(body) && reader.root().is(json::kind::object);
  const auto token = readable ? reader.root().find("access_token").text() : std::string();
  if (status >= 200 && status < 300 && !token.empty()) {
    const auto life = reader.root().find("expires_in").whole_number().value_or(0);
    return access_token{secret_string(token), std::chrono::seconds(std::clamp<std::int64_t>(life, 0, longest_life_s))};
  }
  provider_error error;
  error.status = status;
  if (readable) {
    error.code = presentable(reader.root().find("errorCode").text());
    error.message = presentable(reader.root().find("errorMessage").text());
  }
  if (error.message.empty()) error.message = "IBM's identity service gave no access token for the API key.";
  // IAM answers 400 to a key that it does not know.
  error.kind = status == 400 || status == 401 || status == 403 ? error_class::invalid_credentials : classify(error);
  return error;
}

}  // namespace spidergate::providers::watsonx
