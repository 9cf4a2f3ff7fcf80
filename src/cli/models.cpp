#include "output.hpp"
#include "provider_keys.hpp"
#include "routing.hpp"

namespace spidergate::cli {

namespace {

std::string per_million(const std::optional<unit_price>& price) {
  return price ? price->to_usd_per_million() : std::string();
}

record row_of(const catalogue::model_entry& m) {
  record r;
  r.text("provider", m.provider).text("model", m.id).text("mode", name_of(m.mode)).number("context", m.context);
  r.number("max_output", m.max_output).decimal("input_per_mtok_usd", per_million(m.price->input));
  r.decimal("output_per_mtok_usd", per_million(m.price->output));
  r.decimal("cache_read_per_mtok_usd", per_million(m.price->cache_read));
  r.boolean("tools", m.tools).boolean("vision", m.vision || m.image_in).boolean("json_schema", m.json_schema);
  r.boolean("reasoning", m.reasoning).boolean("deprecated", m.deprecated);
  return r;
}

}  // namespace

exit_code list_models(context& in, const model_options& asked) {
  if (!asked.provider.empty()) provider_named(in, asked.provider);
  std::vector<record> rows;
  for (const auto& m : in.config().catalogue->models())
    if (asked.provider.empty() || m.provider == asked.provider) rows.push_back(row_of(m));
  print_list(in, rows, {"provider", "model", "mode", "context", "input_per_mtok_usd", "output_per_mtok_usd"},
             "The catalogue lists no model of this provider; it takes any name as " + asked.provider + "/NAME.");
  return exit_code::ok;
}

}  // namespace spidergate::cli
