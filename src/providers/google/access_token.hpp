#pragma once
#include <spidergate/providers/dialect.hpp>

/// Access tokens of Google Cloud, for everything on Vertex AI.
namespace spidergate::providers::google {

/// How the credential is exchanged (RFC 7523 section 2.1 for service accounts, RFC 6749 section 6 for users). It is
/// looked for in `key`, then in the setting `service_account`: the JSON document of a service account, or of a user as
/// `gcloud auth application-default login` leaves it; or an access token ("ya29.…"), which is sent as it is: nothing.
/// Asked of the provider's token_url and of no address that the document names. A refusal says what cannot be used and
/// what to put there; it never quotes the credential. Costs a millisecond for the signature.
[[nodiscard]] boost::system::result<std::optional<token_request>, refusal> ask_access_token(
    const catalogue::provider& provider, const credential& secret, epoch_ms now);

/// Reads the token endpoint's answer, whichever status it has.
[[nodiscard]] boost::system::result<access_token, provider_error> read_access_token(int status, std::string_view body);

}  // namespace spidergate::providers::google
