#pragma once
#include "credential_input.hpp"

#include <spidergate/cli/context.hpp>
#include <spidergate/store/records.hpp>

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

namespace spidergate::cli {

struct new_provider_key_options {
  std::string provider, label = "default", brand, expires;
  std::int64_t daily_limit = 0, minute_limit = 0, priority = 0;
  bool primary = false;
  credential_source source;
  std::string key_as_argument;  ///< refused
};
struct provider_options {
  std::string name;  ///< of the provider, or an integration's id where the command takes one
};

exit_code add_provider_key(context& in, const new_provider_key_options& asked, std::istream& stdin_stream);
exit_code list_provider_keys(context& in, const provider_options& asked);
exit_code show_provider_health(context& in);
exit_code remove_provider_key(context& in, const provider_options& asked);
/// Tries every key of a provider by one real call.
exit_code test_provider(context& in, const provider_options& asked);

/// Prints docs/providers.md of the built-in catalogue.
exit_code print_provider_page(context& in);

/// The provider of that id; unknown ones are a command_error with the nearest name.
const catalogue::provider& provider_named(context& in, std::string_view id);
/// Stored keys, of one provider or all.
std::vector<store::integration_record> provider_keys(context& in, std::string_view provider);

}  // namespace spidergate::cli
