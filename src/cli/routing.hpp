#pragma once
#include <spidergate/cli/context.hpp>

#include <string>
#include <vector>

namespace spidergate::cli {

struct alias_options {
  std::string name, brand;
  std::vector<std::string> entries;  ///< of `alias set`
};
struct model_options {
  std::string provider;
};

exit_code list_aliases(context& in);
exit_code show_alias(context& in, const alias_options& asked);
exit_code set_alias(context& in, const alias_options& asked);
exit_code list_models(context& in, const model_options& asked);

}  // namespace spidergate::cli
