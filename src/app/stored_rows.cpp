#include "stored_rows.hpp"

#include <spidergate/store/repositories.hpp>

#include <utility>

namespace spidergate::app {

result<stored_rows> read_rows(sql::connection& on) {
  stored_rows all;
  error_code failure;
  const auto take = [&](auto& into, auto list) {
    if (failure) return;
    auto listed = list();
    if (listed)
      into = std::move(*listed);
    else
      failure = listed.error();
  };
  take(all.tokens, [&] { return store::tokens::list(on); });
  take(all.clients, [&] { return store::clients::list(on, ""); });
  take(all.brands, [&] { return store::brands::list(on); });
  take(all.aliases, [&] { return store::routing::list_aliases(on); });
  take(all.rules, [&] { return store::routing::list_rules(on); });
  take(all.integrations, [&] { return store::integrations::list(on); });
  if (failure) return failure;
  return all;
}

}  // namespace spidergate::app
