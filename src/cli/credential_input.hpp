#pragma once
#include <spidergate/catalogue/catalogue.hpp>
#include <spidergate/cli/context.hpp>
#include <spidergate/vault/credentials.hpp>

#include <iosfwd>
#include <string>
#include <vector>

namespace spidergate::cli {

/// How a credential comes in: settings as name=value arguments, secrets never.
struct credential_source {
  std::vector<std::string> settings;  ///< --credential name=value
  bool secret_on_stdin = false;       ///< --api-key-stdin
  std::string base_url;
};

/// The fields that `provider` takes: the given settings, the secret from `stdin_stream` or from prompts without echo on
/// the terminal. Anything missing or misplaced is a command_error. The values themselves are checked by the vault.
std::vector<vault::credential_field> read_credentials(context& in, const catalogue::provider& provider,
                                                      const credential_source& from, std::istream& stdin_stream);

}  // namespace spidergate::cli
