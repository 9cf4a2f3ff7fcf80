#pragma once
#include "limit_options.hpp"

#include <spidergate/cli/context.hpp>
#include <spidergate/store/records.hpp>

#include <map>
#include <string>
#include <string_view>

namespace spidergate::cli {

struct brand_options {
  std::string name;
  bool no_pool = false;
  std::string pool_access;  ///< of `set`: "on", "off" or, unchanged, empty
  limit_options limits;
};
struct client_options {
  std::string name, brand;
  limit_options limits;
  std::string role, scopes;     ///< of its credentials, see give_rights()
  bool no_credentials = false;  ///< for a client of which only keys and tokens are made
};
struct client_id_option {
  std::string id;
};

exit_code create_brand(context& in, const brand_options& asked);
exit_code list_brands(context& in);
exit_code set_brand(context& in, const brand_options& asked);
/// Makes the client and its credentials, client_id:api_key:api_secret, which are printed this once.
exit_code create_client(context& in, const client_options& asked);
exit_code list_clients(context& in, const client_options& asked);
exit_code revoke_client(context& in, const client_id_option& asked);

/// The brand of that name; empty is "default", which is made with its client when the store has no brand yet. Unknown
/// names are a command_error.
store::brand_record brand_named(context& in, std::string_view name);
/// A client by id or name; empty is the brand's "default", made when it is not there.
store::client_record client_of(context& in, const store::brand_record& brand, std::string_view wanted);
/// Brand names by id.
std::map<std::string, std::string, std::less<>> brand_names(context& in);

/// A command_error unless `name` can be shown on one line and has 1 to 100 bytes.
void check_name(std::string_view what, std::string_view name);
std::string new_id(context& in, std::string_view prefix);
/// " Did you mean 'x'?", or nothing.
std::string nearest_hint(std::string_view wanted, const std::vector<std::string_view>& known);

}  // namespace spidergate::cli
