#pragma once
#include <spidergate/catalogue/catalogue.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spidergate::catalogue {

/// A name by which a model is known elsewhere.
struct synonym {
  std::string name;
  std::string target;  ///< "provider/model"
};

/// What the catalogue is built from: first the embedded tables, then the overlay's changes on them.
struct tables {
  std::vector<provider> providers;
  std::vector<model_entry> models;
  std::vector<alias_entry> aliases;
  std::vector<synonym> synonyms;
  std::vector<rule> patterns;
  std::vector<rule> rules;
};

/// The embedded data. A malformed row is a bug of the release, hence std::logic_error; a test reads every row.
[[nodiscard]] tables read_builtin();

/// The mode of that name in models.csv.
[[nodiscard]] std::optional<mode> parse_mode(std::string_view name);

}  // namespace spidergate::catalogue
